package io.nydus4j.cli.image;

import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.build.ResultFile;
import io.nydus4j.build.StatImages;
import io.nydus4j.build.StatOptions;
import io.nydus4j.build.StatResult;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code nydus-image stat}: counts what images are made of and what they share. */
final class StatCommand implements Command {
    private final PrintStream out;
    private final PrintStream err;
    private final Syntax syntax = Syntax.command("stat", "Counts what images are made of, and the chunks they share.")
            .value("-B --bootstrap", "The metadata of the base image.")
            .value("-D --blob-dir", "A directory whose files without an extension are the base images.")
            .value("-T --target", "The metadata of an image to compare with the base.")
            .value("-C --config", "Configuration that says where the data blobs are.")
            .choice(
                    "--digester",
                    "blake3",
                    List.of("blake3", "sha256"),
                    "How the images to compare identify their chunks.")
            .value("-J --output-json", "The file that takes the numbers as JSON, instead of the tables.")
            .examples(
                    "nydus-image stat -B image.boot",
                    "nydus-image stat -D bootstraps/ -T new.boot",
                    "nydus-image stat -D bootstraps/ -J numbers.json");

    StatCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        StatResult result;
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            Optional<BlobBackend> blobs = ImageArguments.configured(arguments);
            try {
                StatOptions options = new StatOptions(
                        arguments.path("--bootstrap"),
                        arguments.path("--blob-dir"),
                        arguments.path("--target"),
                        arguments.text("--digester").equals("sha256") ? DigestAlgorithm.SHA256 : DigestAlgorithm.BLAKE3,
                        blobs);
                result = new StatImages(options, progress).run();
            } finally {
                blobs.ifPresent(BlobBackend::close);
            }
        }
        if (arguments.has("--output-json")) {
            write(arguments.path("--output-json").orElseThrow(), result.toJson());
        } else {
            out.print(result.toText());
            out.flush();
        }
        return 0;
    }

    private static void write(Path file, String json) throws IOException {
        try {
            ResultFile.write(file, json);
        } catch (IOException e) {
            throw new IOException("Output file \"" + file + "\" can't be opened", e);
        }
    }
}
