package io.nydus4j.cli.nydusd;

import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Runner;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.linux.RawArguments;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The {@code nydusd} command: the daemon that serves images. */
public final class Nydusd {
    private Nydusd() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        int code = run(System.out, System.err, RawArguments.recover(args));
        System.out.flush();
        System.exit(code);
    }

    /** Runs the command. Returns its exit code. */
    static int run(PrintStream out, PrintStream err, String... args) {
        ServeCommand serve = new ServeCommand("nydusd", args);
        Map<String, Command> modes = new LinkedHashMap<>();
        modes.put("fuse", new ServeCommand("fuse", args));
        modes.put("singleton", new UnsupportedMode("singleton", "Hosts several services in one daemon."));
        modes.put("virtiofs", new UnsupportedMode("virtiofs", "Serves an image to a virtual machine."));
        modes.put("uffd", new UnsupportedMode("uffd", "Serves an image as memory that fills itself."));
        modes.put("nbd", new UnsupportedMode("nbd", "Serves an image as a network block device."));
        Syntax root = serve.syntax().version(Version.lines());
        modes.values().forEach(mode -> root.subcommand(mode.syntax()));
        modes.put("", serve);
        return new Runner(root, modes, out, err).run(args);
    }
}
