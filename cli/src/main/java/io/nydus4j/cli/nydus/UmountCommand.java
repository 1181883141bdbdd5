package io.nydus4j.cli.nydus;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code nydus umount}: ends a mount and the daemon behind it. */
final class UmountCommand implements Command {
    private final PrintStream out;
    private final Syntax syntax = Syntax.command("umount", "Ends a mount, and with it the daemon that serves it.")
            .positional("DIR", 1, 1, "The directory the image is mounted on.")
            .examples("nydus umount /mnt");

    UmountCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException, InterruptedException {
        Path directory = arguments.positionalPaths().getFirst();
        ImageMount.unmount(directory);
        out.println(directory + " unmounted");
        return 0;
    }
}
