/** The commands: options, progress, output, exit codes. */
module io.nydus4j.cli {
    requires io.nydus4j.blob;
    requires io.nydus4j.rafs;
    requires io.nydus4j.storage;
    requires io.nydus4j.build;
    requires io.nydus4j.linux;
    requires io.nydus4j.daemon;
    requires info.picocli;
    requires static org.jspecify;

    provides System.LoggerFinder with
            io.nydus4j.cli.log.CommandLogFinder;
}
