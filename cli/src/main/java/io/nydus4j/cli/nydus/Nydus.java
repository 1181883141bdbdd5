package io.nydus4j.cli.nydus;

import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Runner;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.linux.RawArguments;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** The {@code nydus} command. */
public final class Nydus {
    private Nydus() {}

    /** Runs the command and ends the process with its exit code. */
    public static void main(String[] args) {
        int code = run(System.out, System.err, RawArguments.recover(args));
        System.out.flush();
        System.exit(code);
    }

    /** Runs the command. Returns its exit code. */
    static int run(PrintStream out, PrintStream err, String... args) {
        Map<String, Command> commands = new LinkedHashMap<>();
        commands.put("demo", new DemoCommand(out, err));
        commands.put("build", new BuildCommand(out, err));
        commands.put("mount", new MountCommand(out));
        commands.put("umount", new UmountCommand(out));
        Syntax root = Syntax.command("nydus", "Container images whose files load when they are read.")
                .version(Version.lines())
                .examples(
                        "nydus demo",
                        "nydus build rootfs/ image/",
                        "nydus mount image/ /mnt",
                        "nydus umount /mnt",
                        "",
                        "nydus-image, nydusd and nydusctl do the same with every option.");
        commands.values().forEach(command -> root.subcommand(command.syntax()));
        return new Runner(root, commands, out, err).run(args);
    }
}
