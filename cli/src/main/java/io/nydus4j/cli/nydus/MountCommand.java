package io.nydus4j.cli.nydus;

import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code nydus mount}: mounts an image lazily, served by a daemon in the background. */
final class MountCommand implements Command {
    private final PrintStream out;
    private final Syntax syntax = Syntax.command(
                    "mount",
                    "Mounts an image; its data is fetched when files are read.",
                    "A daemon in the background serves it until `nydus umount`.")
            .positional(
                    "IMAGE", 1, 1, "A folder that `nydus build` made, a bootstrap, or a blob with inlined metadata.")
            .positionalAfter(1, "DIR", "The directory to mount it on.")
            .value("-D --blob-dir", "Where the data blobs are. Default: beside the bootstrap.")
            .value("--cache-dir", "Where fetched data rests. Default: a folder in the user's cache.")
            .flag("-f --foreground", "Serves in the foreground, until interrupted or unmounted.")
            .examples("nydus mount image/ /mnt", "nydus mount -f image/ /mnt");

    MountCommand(PrintStream out) {
        this.out = out;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException, InterruptedException {
        ImageFolder image = ImageFolder.find(
                arguments.positionalPaths().getFirst(),
                arguments.path("--blob-dir").orElse(Path.of("")));
        Path directory = arguments.positionalPaths().get(1).toRealPath();
        Path cache = arguments.path("--cache-dir").orElseGet(ImageMount::defaultCache);
        if (arguments.flag("--foreground")) {
            return ImageMount.serve(image, directory, cache);
        }
        ImageMount mount = ImageMount.start(image, directory, cache);
        out.printf(
                "%s mounted on %s in %.2f s by process %d; end it with: nydus umount %s%nstate: nydusctl --sock %s"
                        + " info%n",
                image.bootstrap(), directory, mount.seconds(), mount.pid(), directory, mount.socket());
        return 0;
    }
}
