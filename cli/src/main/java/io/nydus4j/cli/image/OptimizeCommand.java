package io.nydus4j.cli.image;

import io.nydus4j.build.BuildResult;
import io.nydus4j.build.OptimizeImage;
import io.nydus4j.build.OptimizeOptions;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;

/** {@code nydus-image optimize}: puts what is read early into a blob of its own. */
final class OptimizeCommand implements Command {
    private final PrintStream err;
    private final Syntax syntax = BackendArguments.addAnyKindTo(Syntax.command(
                            "optimize", "Puts the chunks that are read early into a blob that is fetched at once.")
                    .value("-B --bootstrap", "The image's metadata.")
                    .value("-p --prefetch-files", "The files that are read early: JSON, or an absolute path a line.")
                    .value("-D --blob-dir", "The directory of the data blobs.")
                    .value("-C --config", "Configuration that says where the data blobs are.")
                    .value("-b --blob", "Not used."))
            .valueOr("-O --output-bootstrap", "optimized_bootstrap", "The file that takes the new metadata.")
            .value("--output-blob-dir", "The directory that takes the new blob, named by its SHA-256.")
            .value("-J --output-json", "The file that takes the result as JSON.")
            .requiredUnless("--bootstrap")
            .conflict("--blob-dir", "--config")
            .examples(
                    "nydus-image optimize -B image.boot -D blobs/ -p files.json -O new.boot --output-blob-dir blobs/");

    OptimizeCommand(PrintStream err) {
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        Path hints = arguments
                .path("--prefetch-files")
                .orElseThrow(() -> new IOException("missing parameter `prefetch-files`"));
        Path directory = arguments
                .path("--output-blob-dir")
                .orElseThrow(() -> new IOException("missing parameter `output-blob-dir`"));
        BuildResult result;
        try (BlobBackend blobs = blobs(arguments);
                BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            OptimizeOptions options = new OptimizeOptions(
                    arguments.path("--bootstrap").orElseThrow(),
                    blobs,
                    AccessList.read(hints),
                    arguments.path("--output-bootstrap").orElseThrow(),
                    directory);
            result = new OptimizeImage(options, progress).run();
        }
        if (arguments.has("--output-json")) {
            OutputJson.write(arguments.path("--output-json").orElseThrow(), result.toJson(Version.tool()));
        }
        return 0;
    }

    private static BlobBackend blobs(Arguments arguments) throws IOException {
        Optional<BlobBackend> configured = ImageArguments.configured(arguments);
        return configured.isPresent() ? configured.get() : BackendArguments.openOrDirectory(arguments);
    }
}
