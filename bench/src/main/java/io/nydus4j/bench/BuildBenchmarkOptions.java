package io.nydus4j.bench;

import io.nydus4j.blob.Compression;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What {@link BuildBenchmark} measures.
 *
 * @param root         directory that images are built of
 * @param compressions codecs
 * @param chunkSize    bytes of a chunk
 * @param rounds       how often each is measured; 0 for the commands alone, once
 * @param command      our command
 * @param reference    the reference's command, if there is one
 * @param work         where images are written
 */
record BuildBenchmarkOptions(
        Path root,
        List<Compression> compressions,
        int chunkSize,
        int rounds,
        Path command,
        Optional<Path> reference,
        Path work) {
    /** Says what may be given. */
    static final String USAGE = """
            Usage: bin/bench build [OPTIONS] ROOT

              --reference FILE     the reference's nydus-image, to be compared with
              --compressors LIST   none, lz4_block, zstd (the default: all three)
              --chunk-size BYTES   1048576 unless given
              --rounds N           how often each is measured (3); 0 for the commands alone, once
              --work DIRECTORY     where images are written (the folder for temporary files)
            """;

    /**
     * Reads the command line.
     *
     * @return empty if help is wanted, or needed
     */
    static Optional<BuildBenchmarkOptions> parse(String... args) {
        Optional<Path> root = Optional.empty();
        Optional<Path> reference = Optional.empty();
        List<Compression> compressions = List.of(Compression.ZSTD, Compression.LZ4_BLOCK, Compression.NONE);
        int chunkSize = 1 << 20;
        int rounds = 3;
        Path work = Path.of(System.getProperty("java.io.tmpdir"));
        for (int i = 0; i < args.length; i++) {
            String option = args[i];
            if (!option.startsWith("-") && root.isEmpty()) {
                root = Optional.of(Path.of(option));
                continue;
            }
            if (++i == args.length) {
                return Optional.empty();
            }
            String value = args[i];
            switch (option) {
                case "--reference" -> reference = Optional.of(Path.of(value));
                case "--compressors" ->
                    compressions = Arrays.stream(value.split(","))
                            .map(BuildBenchmarkOptions::compression)
                            .toList();
                case "--chunk-size" -> chunkSize = Integer.decode(value);
                case "--rounds" -> rounds = Integer.parseInt(value);
                case "--work" -> work = Path.of(value);
                default -> {
                    return Optional.empty();
                }
            }
        }
        if (root.isEmpty()) {
            return Optional.empty();
        }
        Path command = Path.of(System.getenv().getOrDefault("NYDUS4J_HOME", "."), "bin", "nydus-image");
        return Optional.of(
                new BuildBenchmarkOptions(root.get(), compressions, chunkSize, rounds, command, reference, work));
    }

    private static Compression compression(String text) {
        return Arrays.stream(Compression.values())
                .filter(compression -> compression.text().equals(text))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("unknown compressor " + text));
    }
}
