package io.nydus4j.cli.image;

import io.nydus4j.build.UnpackImage;
import io.nydus4j.build.UnpackOptions;
import io.nydus4j.build.UnpackOptions.Form;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;

/** {@code nydus-image unpack}: turns an image into a tar archive, or into files. */
final class UnpackCommand implements Command {
    private final PrintStream err;
    private final Syntax syntax = BackendArguments.addTo(
                    Syntax.command("unpack", "Turns an image into a tar archive, or into files."))
            .positional("BOOTSTRAP", 0, 1, "The image's metadata: a bootstrap, or a blob with inlined metadata.")
            .value("-B --bootstrap", "The same, as it was spelled in earlier versions.")
            .positionalOr("--bootstrap", "BOOTSTRAP")
            .value("-b --blob", "The file of the image's one data blob.")
            .value("-D --blob-dir", "The directory of the data blobs.")
            .value("--output", "The tar archive to write.")
            .flag("--to-directory", "Makes --output a directory, empty or missing, that takes the files themselves.")
            .requiredUnless("--output")
            .conflict("--backend-type", "--blob", "--blob-dir")
            .conflict("--blob", "--blob-dir")
            .examples(
                    "nydus-image unpack -D blobs/ --output rootfs.tar image.boot",
                    "nydus-image unpack -D blobs/ --output rootfs/ --to-directory image.boot");

    UnpackCommand(PrintStream err) {
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        String output = arguments.text("--output");
        if (output.isEmpty()) {
            throw new IOException("invalid empty --output option");
        }
        Path bootstrap = arguments
                .path("--bootstrap")
                .orElseGet(() -> arguments.positionalPaths().getFirst());
        try (BlobBackend blobs = backend(arguments);
                BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            Form form = arguments.flag("--to-directory") ? Form.DIRECTORY : Form.ARCHIVE;
            new UnpackImage(new UnpackOptions(bootstrap, blobs, NativePath.path(output), form), progress).run();
        }
        return 0;
    }

    private static BlobBackend backend(Arguments arguments) throws IOException {
        if (arguments.has("--blob")) {
            return ImageArguments.file(arguments.text("--blob"));
        }
        if (arguments.has("--blob-dir")) {
            return ImageArguments.directory(arguments.text("--blob-dir"));
        }
        return BackendArguments.open(arguments)
                .orElseThrow(() -> new IOException(
                        "invalid backend configuration, --blob, --blob-dir or --backend-type must be specified"));
    }
}
