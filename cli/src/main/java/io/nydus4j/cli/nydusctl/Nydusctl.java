package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Runner;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.linux.RawArguments;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The {@code nydusctl} command: queries and configures a running {@code nydusd}, ours or the reference's. */
public final class Nydusctl {
    private Nydusctl() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        int code = run(System.out, System.err, RawArguments.recover(args));
        System.out.flush();
        System.exit(code);
    }

    /** Runs the command. Returns its exit code. */
    static int run(PrintStream out, PrintStream err, String... args) {
        Connection connection = Connection.of(args);
        Map<String, Command> commands = new LinkedHashMap<>();
        commands.put("info", new InfoCommand(connection, out));
        commands.put("set", new SetCommand(connection));
        commands.put("metrics", new MetricsCommand(connection, out));
        commands.put("mount", new MountCommand(connection));
        commands.put("umount", new UmountCommand(connection));
        commands.put("trace", new TraceCommand(connection, out));
        commands.put("cache", new CacheCommand(out));
        Syntax root = Syntax.command("nydusctl", "Queries and configures a running nydusd.")
                .version(Version.lines())
                .value("-S --sock", "The API socket of the daemon (--apisock of nydusd). Required.")
                .flag("-r --raw", "Prints JSON documents as they are, in one line.")
                .examples(
                        "nydusctl --sock /run/api.sock info",
                        "nydusctl --sock /run/api.sock metrics fsstats",
                        "nydusctl --sock /run/api.sock --raw metrics backend");
        commands.values().forEach(command -> root.subcommand(command.syntax()));
        return new Runner(root, commands, out, err).run(connection.rest());
    }
}
