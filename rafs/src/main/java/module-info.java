/** The file system metadata: RAFS v5 and v6, reading and writing. */
module io.nydus4j.rafs {
    requires transitive io.nydus4j.blob;
    requires static org.jspecify;

    exports io.nydus4j.rafs;
    exports io.nydus4j.rafs.load;
    exports io.nydus4j.rafs.tree to
            io.nydus4j.build,
            io.nydus4j.daemon,
            io.nydus4j.bench;
    exports io.nydus4j.rafs.v5 to
            io.nydus4j.build,
            io.nydus4j.bench;
    exports io.nydus4j.rafs.v6 to
            io.nydus4j.build,
            io.nydus4j.daemon,
            io.nydus4j.bench;
}
