package io.nydus4j.cli.image;

import io.nydus4j.build.ChunkDictionaryOptions;
import io.nydus4j.build.ChunkDictionaryResult;
import io.nydus4j.build.GenerateChunkDictionary;
import io.nydus4j.build.MixedVersionsException;
import io.nydus4j.build.OutputPlace;
import io.nydus4j.cli.Terminal;
import io.nydus4j.cli.Version;
import io.nydus4j.cli.option.Arguments;
import io.nydus4j.cli.option.Runner.Command;
import io.nydus4j.cli.option.Syntax;
import io.nydus4j.cli.progress.BuildProgress;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code nydus-image chunkdict generate}: makes a chunk dictionary from images. */
final class GenerateCommand implements Command {
    private static final System.Logger LOG = System.getLogger(GenerateCommand.class.getName());
    private static final double MEGABYTE = 1 << 20;
    private static final String SEPARATOR = "://";

    private final PrintStream out;
    private final PrintStream err;
    private final Syntax syntax = Syntax.command(
                    "generate",
                    "Learns from images which chunks are worth sharing, and makes a dictionary of them for create"
                            + " --chunk-dict.")
            .positional("SOURCE", 1, Integer.MAX_VALUE, "Bootstraps of images: PATH/NAME:TAG/FILE.")
            .valueOr(
                    "--database",
                    "sqlite:///home/runner/output/database.db",
                    "The database that remembers what was learned: sqlite:///PATH, made if absent.")
            .value("-B --bootstrap", "The file that takes the dictionary.")
            .value("-D --blob-dir", "The directory that takes the dictionary, named by its SHA-256.")
            .choice(
                    "--prefetch-policy",
                    "none",
                    List.of("fs", "blob", "none"),
                    "What becomes of the list of files to fetch first, one path a line on standard input.")
            .value("-J --output-json", "The file that takes the result as JSON.")
            .value("-C --config", "Configuration that says where blobs with inlined metadata are.")
            .flag("-v --verbose", "Not used.")
            .examples(
                    "nydus-image chunkdict generate --database sqlite:///var/lib/dict.db -B dict.boot"
                            + " images/*/image.boot",
                    "nydus-image create --chunk-dict dict.boot -D blobs/ rootfs/");

    GenerateCommand(PrintStream out, PrintStream err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public Syntax syntax() {
        return syntax;
    }

    @Override
    public int run(Arguments arguments) throws IOException {
        PrefetchPolicy policy = PrefetchPolicy.parse(arguments.text("--prefetch-policy"));
        List<byte[]> hints = policy == PrefetchPolicy.NONE ? List.of() : CreateCommand.hints(System.in);
        String url = arguments.text("--database");
        String database = database(url);
        ChunkDictionaryResult result;
        Optional<BlobBackend> blobs = ImageArguments.configured(arguments);
        try (BuildProgress progress = new BuildProgress(err, Terminal.isInteractive())) {
            ChunkDictionaryOptions options = new ChunkDictionaryOptions(
                    arguments.positionalPaths(), database, output(arguments), blobs, policy, hints);
            result = new GenerateChunkDictionary(options, progress).run();
        } catch (MixedVersionsException e) {
            e.versions().forEach(out::println);
            out.flush();
            throw e;
        } finally {
            blobs.ifPresent(BlobBackend::close);
        }
        report(url, result);
        if (arguments.has("--output-json")) {
            OutputJson.write(
                    arguments.path("--output-json").orElseThrow(),
                    result.built().toJson(Version.tool()));
        }
        return 0;
    }

    /** Returns the path in a URL. */
    private static String database(String url) throws IOException {
        int separator = url.indexOf(SEPARATOR);
        String path = separator < 0 ? "" : url.substring(separator + SEPARATOR.length());
        if (separator <= 0 || !path.startsWith("/") && !path.startsWith(":")) {
            throw new IOException("Invalid database URL: " + url);
        }
        String kind = url.substring(0, separator);
        if (!kind.equals("sqlite")) {
            throw new IOException("Unsupported database type: " + kind
                    + ", please use a valid database URI, such as 'sqlite:///path/to/chunkdict.db'.");
        }
        return path;
    }

    private static OutputPlace output(Arguments arguments) throws IOException {
        Optional<Path> bootstrap = arguments.path("--bootstrap");
        if (bootstrap.isPresent()) {
            return new OutputPlace.OutputFile(bootstrap.get());
        }
        return new OutputPlace.OutputDirectory(arguments
                .path("--blob-dir")
                .orElseThrow(() -> new IOException("both --bootstrap and --blob-dir are missing, please specify one to"
                        + " store the generated metadata blob file")));
    }

    private void report(String url, ChunkDictionaryResult result) {
        result.warnings().forEach(err::println);
        log("Chunkdict metadata is saved at: \"" + url + "\"");
        log("All chunk size is " + megabytes(result.databaseSize()));
        log("Train set size is " + megabytes(result.trainingSize()));
        log("Test set size is " + megabytes(result.testSize()));
        double rate = 1.0 - (double) result.remainingSize() / result.testSize();
        log("After deduplicating test set size is " + megabytes(result.remainingSize()) + " and deduplicating rate is "
                + number(rate) + " ");
        log("Chunkdict size is " + megabytes(result.chosenSize()));
        log("The length of chunkdict is " + result.chunks());
        if (!result.unclusteredImages().isEmpty()) {
            log("It is not recommended to use image deduplication");
            result.unclusteredImages().forEach(GenerateCommand::log);
        }
        log("Chunkdict metadata is saved at: \"" + result.built().bootstrap().orElseThrow() + "\"");
    }

    private static void log(String text) {
        LOG.log(Level.INFO, text);
    }

    private static String megabytes(long bytes) {
        return number(bytes / MEGABYTE);
    }

    private static String number(double value) {
        String text = String.valueOf(value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }
}
