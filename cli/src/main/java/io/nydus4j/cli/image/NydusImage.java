package io.nydus4j.cli.image;

import io.nydus4j.cli.StandardOutput;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.LogOptions;
import io.nydus4j.cli.option.Runner;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.linux.RawArguments;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The {@code nydus-image} command: builds, checks, inspects and unpacks images. */
public final class NydusImage {
    private NydusImage() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        StandardOutput output = new StandardOutput();
        PrintStream out = output.print();
        int code = run(out, System.err, RawArguments.recover(args));
        out.flush();
        System.exit(output.exitCode(code, System.err));
    }

    /** Runs the command. Returns its exit code. */
    static int run(PrintStream out, PrintStream err, String... args) {
        Map<String, Command> commands = new LinkedHashMap<>();
        commands.put("create", new CreateCommand(err));
        commands.put("check", new CheckCommand(out, err));
        commands.put("inspect", new InspectCommand(out));
        commands.put("unpack", new UnpackCommand(err));
        commands.put("merge", new MergeCommand(err));
        commands.put("stat", new StatCommand(out, err));
        commands.put("export", new ExportCommand(out, err));
        commands.put("optimize", new OptimizeCommand(err));
        commands.put("compact", new CompactCommand(err));
        Command generate = new GenerateCommand(out, err);
        commands.put("generate", generate);
        Syntax chunkdict = Syntax.command("chunkdict", "Makes chunk dictionaries, for images to share data.")
                .subcommand(generate.syntax());
        Syntax root = Syntax.command(
                        "nydus-image",
                        "Builds, checks, inspects and unpacks container images whose files load on demand.")
                .version(Version.lines())
                .examples(
                        "nydus-image create -t dir-rafs -B image.boot -D blobs/ rootfs/",
                        "nydus-image check -v image.boot",
                        "nydus-image unpack -D blobs/ --output rootfs.tar image.boot");
        LogOptions.addTo(root);
        commands.values().stream()
                .filter(command -> command != generate)
                .forEach(command -> root.subcommand(command.syntax()));
        root.subcommand(chunkdict);
        return new Runner(root, commands, out, err).run(args);
    }
}
