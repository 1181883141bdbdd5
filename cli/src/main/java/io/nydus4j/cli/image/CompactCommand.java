package io.nydus4j.cli.image;

import io.nydus4j.build.BuildResult;
import io.nydus4j.build.CompactImage;
import io.nydus4j.build.CompactOptions;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.Optional;

/** {@code nydus-image compact}: makes an image's blobs fewer and smaller. */
final class CompactCommand implements Command {
    private static final System.Logger LOG = System.getLogger(CompactCommand.class.getName());
    /** The ratio is a byte; more than 100 means the same as 100. */
    private static final long MOST_RATIO = 255;

    private final PrintStream err;
    private final Syntax syntax = BackendArguments.addAnyKindTo(Syntax.command(
                            "compact",
                            "Makes an image's blobs fewer and smaller.",
                            "Blobs that are not used vanish, those that are little used are written anew without the"
                                    + " rest, small ones are put together.")
                    .value("-B --bootstrap", "The image's metadata."))
            .valueOr("--min-used-ratio", "0", "Percent; blobs of which less is used are written anew. 0 for never.")
            .valueOr(
                    "--compact-blob-size",
                    String.valueOf(CompactOptions.DEFAULT_COMPACT_BLOB_SIZE),
                    "Bytes; blobs smaller than this are put together.")
            .valueOr(
                    "--max-compact-size",
                    String.valueOf(CompactOptions.DEFAULT_MAX_COMPACT_SIZE),
                    "Bytes that blobs are put together to, at most.")
            .valueOr("--layers-to-compact", "0", "Does nothing for an image with fewer blobs than this.")
            .value("-D --blob-dir", "The directory that takes the new blobs, and where the old ones are looked for.")
            .value("--chunk-dict", "A bootstrap whose blobs are kept and used for chunks they have: [bootstrap=]PATH.")
            .value(
                    "-O --output-bootstrap",
                    "The file that takes the new metadata. Default: the old one's name with bootstrap.compact as"
                            + " extension.")
            .value("-J --output-json", "The file that takes the result as JSON, if there is something to do.")
            .requiredUnless("--bootstrap")
            .requiredUnless("--blob-dir")
            .examples(
                    "nydus-image compact -B image.boot -D blobs/ --min-used-ratio 50 -O new.boot",
                    "nydus-image compact -B image.boot -D blobs/ --chunk-dict dict.boot -O new.boot");

    CompactCommand(PrintStream err) {
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        Optional<BuildResult> result;
        try (BlobBackend blobs = BackendArguments.openOrDirectory(arguments);
                BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            result = new CompactImage(options(arguments, blobs), progress).run();
        }
        if (result.isEmpty()) {
            LOG.log(Level.INFO, "no chance to compact data blobs");
        } else if (arguments.has("--output-json")) {
            OutputJson.write(
                    arguments.path("--output-json").orElseThrow(), result.get().toJson(Version.tool()));
        }
        return 0;
    }

    private static CompactOptions options(Arguments arguments, BlobBackend blobs) {
        Path bootstrap = arguments.path("--bootstrap").orElseThrow();
        long ratio = number(arguments, "--min-used-ratio");
        if (ratio > MOST_RATIO) {
            throw new IllegalArgumentException(
                    "invalid --min-used-ratio " + ratio + ": number too large to fit in target type");
        }
        return new CompactOptions(
                bootstrap,
                blobs,
                arguments.path("--output-bootstrap").orElseGet(() -> CompactOptions.defaultOutput(bootstrap)),
                arguments.path("--blob-dir").orElseThrow(),
                arguments.optional("--chunk-dict").map(CreateCommand::dictionary),
                (int) ratio,
                number(arguments, "--compact-blob-size"),
                number(arguments, "--max-compact-size"),
                Math.clamp(number(arguments, "--layers-to-compact"), 0, Integer.MAX_VALUE));
    }

    private static long number(Arguments arguments, String option) {
        String text = arguments.text(option);
        return Numbers.decimal(text, "invalid " + option + " " + text);
    }
}
