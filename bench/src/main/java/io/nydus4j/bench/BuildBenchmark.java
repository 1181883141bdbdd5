package io.nydus4j.bench;

import io.nydus4j.blob.Compression;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Builds an image of a directory with each codec and compares: the build inside this JVM, once it is warm, with {@link CodecBound}, what
 * the codecs do with the same chunks in memory on all cores; and the command from start to end with the reference's command. What is
 * compared runs in turn. Prints medians, ratios and peak memory.
 */
public final class BuildBenchmark {
    private static final int MEGA = 1_000_000;

    private final BuildBenchmarkOptions options;
    private final PrintStream out;
    private final Path output;

    private BuildBenchmark(BuildBenchmarkOptions options, PrintStream out, Path output) {
        this.options = options;
        this.out = out;
        this.output = output;
    }

    /**
     * Runs the benchmark.
     *
     * @param args see {@link BuildBenchmarkOptions#USAGE}
     */
    public static void main(String[] args) throws IOException, InterruptedException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Optional<BuildBenchmarkOptions> options = BuildBenchmarkOptions.parse(args);
        if (options.isEmpty()) {
            out.print(BuildBenchmarkOptions.USAGE);
            return;
        }
        Path output = Files.createTempDirectory(options.get().work(), "nydus4j-bench-");
        try {
            new BuildBenchmark(options.get(), out, output).run();
        } finally {
            clear(output);
            Files.delete(output);
        }
    }

    private void run() throws IOException, InterruptedException {
        int threads = Runtime.getRuntime().availableProcessors();
        out.printf(
                Locale.ROOT,
                "%s, chunks of %d bytes, %d processors, Java %s%n",
                options.root(),
                options.chunkSize(),
                threads,
                Runtime.version());
        if (options.rounds() > 0) {
            try (CodecBound bound = CodecBound.load(options.root(), options.chunkSize())) {
                out.printf(
                        Locale.ROOT,
                        "%d chunks, %d MB, %d MB of them distinct%n",
                        bound.chunkCount(),
                        bound.bytes() / MEGA,
                        bound.distinctBytes() / MEGA);
                for (Compression compression : options.compressions()) {
                    compareWithBound(bound, compression, threads);
                }
            }
        }
        // Makes the command, and its start-up cache, where they are out of date.
        MeasuredCommand.run(List.of(options.command().toString(), "--version"));
        for (Compression compression : options.compressions()) {
            compareWithReference(compression);
        }
    }

    private void compareWithBound(CodecBound bound, Compression compression, int threads)
            throws IOException, InterruptedException {
        List<Double> chunks = new ArrayList<>();
        List<Double> named = new ArrayList<>();
        List<Double> builds = new ArrayList<>();
        // The first round warms the code up.
        for (int round = 0; round <= options.rounds(); round++) {
            double chunksOnly = bound.run(compression, threads, false);
            double withName = bound.run(compression, threads, true);
            double build = buildHere(compression, threads);
            if (round > 0) {
                chunks.add(chunksOnly);
                named.add(withName);
                builds.add(build);
            }
        }
        double build = median(builds);
        out.printf(
                Locale.ROOT,
                "%-9s in one JVM: build %.2f s, %.0f MB/s; chunks digested and compressed in memory %.2f s, build reaches %.0f %%;"
                        + " with SHA-256 of what is stored %.2f s, %.0f %%%n",
                compression.text(),
                build,
                bound.bytes() / 1e6 / build,
                median(chunks),
                100 * median(chunks) / build,
                median(named),
                100 * median(named) / build);
    }

    private double buildHere(Compression compression, int threads) throws IOException {
        clear(output);
        long start = System.nanoTime();
        new CreateImage(
                        CreateOptions.builder(options.root())
                                .blobDirectory(output)
                                .compression(compression)
                                .chunkSize(options.chunkSize())
                                .threads(threads)
                                .build(),
                        ProgressListener.NONE)
                .run();
        return (System.nanoTime() - start) / 1e9;
    }

    private void compareWithReference(Compression compression) throws IOException, InterruptedException {
        List<MeasuredCommand> ours = new ArrayList<>();
        List<MeasuredCommand> theirs = new ArrayList<>();
        for (int round = 0; round < Math.max(1, options.rounds()); round++) {
            ours.add(command(options.command(), compression));
            if (options.reference().isPresent()) {
                theirs.add(command(options.reference().get(), compression));
            }
        }
        double wall = wall(ours);
        out.printf(
                Locale.ROOT,
                "%-9s command: %.2f s, processor time %.2f s, peak memory %d MiB",
                compression.text(),
                wall,
                processor(ours),
                peak(ours));
        if (!theirs.isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "; reference: %.2f s, processor time %.2f s, peak memory %d MiB; ratio of times %.2f, of processor times %.2f",
                    wall(theirs),
                    processor(theirs),
                    peak(theirs),
                    wall / wall(theirs),
                    processor(ours) / processor(theirs));
        }
        out.println();
    }

    private MeasuredCommand command(Path binary, Compression compression) throws IOException, InterruptedException {
        clear(output);
        return MeasuredCommand.run(List.of(
                binary.toString(),
                "create",
                "-t",
                "dir-rafs",
                "-D",
                output.toString(),
                "--compressor",
                compression.text(),
                "--chunk-size",
                "0x" + Integer.toHexString(options.chunkSize()),
                options.root().toString()));
    }

    private static double wall(List<MeasuredCommand> runs) {
        return median(runs.stream().map(MeasuredCommand::wallSeconds).toList());
    }

    private static double processor(List<MeasuredCommand> runs) {
        return median(runs.stream().map(MeasuredCommand::processorSeconds).toList());
    }

    private static long peak(List<MeasuredCommand> runs) {
        return runs.stream().mapToLong(MeasuredCommand::peakKib).max().orElse(0) / 1024;
    }

    private static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }

    private static void clear(Path directory) throws IOException {
        try (var files = Files.newDirectoryStream(directory)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }
}
