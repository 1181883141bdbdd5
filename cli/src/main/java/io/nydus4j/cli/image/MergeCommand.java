package io.nydus4j.cli.image;

import io.nydus4j.build.BuildResult;
import io.nydus4j.build.MergeImages;
import io.nydus4j.build.MergeOptions;
import io.nydus4j.build.OutputPlace;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Failures;
import io.nydus4j.cli.option.Numbers;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.rafs.InconsistentImageException;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** {@code nydus-image merge}: lays the bootstraps of layers over each other. */
final class MergeCommand implements Command {
    /** Exit code where images do not go together. */
    private static final int INCONSISTENT = 2;

    private final PrintStream err;
    private final Syntax syntax = Syntax.command("merge", "Makes one image of the bootstraps of its layers.")
            .positional("SOURCE", 1, Integer.MAX_VALUE, "The layers' bootstraps, the lowest first.")
            .value("--parent-bootstrap", "The bootstrap of the layers below all sources.")
            .value("-B --bootstrap", "The file that takes the image's metadata.")
            .value("-D --blob-dir", "The directory that takes the metadata, a file named by its digest.")
            .value("--chunk-dict", "The chunk dictionary that the layers were built with: [bootstrap=]PATH.")
            .choice(
                    "--prefetch-policy",
                    "none",
                    List.of("fs", "blob", "none"),
                    "What becomes of the list of files to fetch first, one path a line on standard input.")
            .value("-J --output-json", "The file that takes the result as JSON.")
            .value("--blob-digests", "Digests of the layers' blobs, separated by commas.")
            .value("--original-blob-ids", "Ids of the layers' blobs, separated by commas.")
            .value("--blob-sizes", "Sizes of the layers' blobs, separated by commas.")
            .value("--blob-toc-digests", "Digests of the blobs' tables of contents, separated by commas.")
            .value("--blob-toc-sizes", "Sizes of the blobs' tables of contents, separated by commas.")
            .value("-C --config", "Configuration that says where the data blobs are.")
            .examples(
                    "nydus-image merge -B image.boot layer1.boot layer2.boot layer3.boot",
                    "nydus-image merge -B image.boot --parent-bootstrap base.boot layer.boot");

    MergeCommand(PrintStream err) {
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        MergeOptions.Builder options = options(arguments);
        BuildResult result;
        Optional<BlobBackend> blobs = ImageArguments.configured(arguments);
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            blobs.ifPresent(options::blobs);
            result = new MergeImages(options.build(), progress).run();
        } catch (InconsistentImageException e) {
            Failures.print(e, err);
            return INCONSISTENT;
        } finally {
            blobs.ifPresent(BlobBackend::close);
        }
        if (arguments.has("--output-json")) {
            OutputJson.write(arguments.path("--output-json").orElseThrow(), result.toJson(Version.tool()));
        }
        return 0;
    }

    private static MergeOptions.Builder options(Arguments arguments) throws IOException {
        List<Path> sources = arguments.positionalPaths();
        MergeOptions.Builder options = MergeOptions.builder(sources, output(arguments));
        arguments
                .path("--parent-bootstrap")
                .filter(path -> !path.toString().isEmpty())
                .ifPresent(options::parent);
        arguments.optional("--chunk-dict").ifPresent(text -> options.chunkDictionary(CreateCommand.dictionary(text)));
        list(arguments, "--blob-digests", options::blobDigests);
        list(arguments, "--original-blob-ids", options::originalBlobIds);
        list(arguments, "--blob-toc-digests", options::blobTocDigests);
        list(arguments, "--blob-sizes", texts -> options.blobSizes(numbers("--blob-sizes", texts)));
        list(arguments, "--blob-toc-sizes", texts -> options.blobTocSizes(numbers("--blob-toc-sizes", texts)));
        PrefetchPolicy policy = PrefetchPolicy.parse(arguments.text("--prefetch-policy"));
        if (policy != PrefetchPolicy.NONE) {
            options.prefetch(policy, CreateCommand.hints(System.in));
        }
        return options;
    }

    private static OutputPlace output(Arguments arguments) {
        if (arguments.has("--bootstrap")) {
            return new OutputPlace.OutputFile(arguments.path("--bootstrap").orElseThrow());
        }
        if (arguments.has("--blob-dir")) {
            return new OutputPlace.OutputDirectory(arguments.path("--blob-dir").orElseThrow());
        }
        throw new IllegalArgumentException("both --bootstrap and --blob-dir are missing, "
                + "please specify one to store the generated metadata blob file");
    }

    /** Passes an option's list on; an empty text is a list of one empty item. */
    private static void list(Arguments arguments, String option, Consumer<List<String>> target) {
        if (arguments.has(option)) {
            List<String> items = new ArrayList<>();
            for (String item : arguments.text(option).split(",", -1)) {
                items.add(item.strip());
            }
            target.accept(items);
        }
    }

    private static List<Long> numbers(String option, List<String> texts) {
        return texts.stream()
                .map(text -> Numbers.decimal(text, "invalid number in " + option + " option: " + text))
                .toList();
    }
}
