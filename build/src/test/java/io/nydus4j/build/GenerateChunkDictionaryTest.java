package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.build.chunkdict.ChunkDatabase;
import io.nydus4j.build.chunkdict.ChunkRow;
import io.nydus4j.linux.ChildJvm;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Dictionaries made of golden images. */
final class GenerateChunkDictionaryTest {
    private static final Path GOLDEN = Path.of(System.getProperty("nydus4j.testdata"), "golden");

    @TempDir
    Path folder;

    private ChunkDictionaryResult generate(String image, int tags) throws IOException {
        List<Path> sources = new ArrayList<>();
        for (int tag = 1; tag <= tags; tag++) {
            Path source = Files.createDirectories(folder.resolve("app:" + tag)).resolve("boot");
            if (!Files.exists(source)) {
                Files.copy(GOLDEN.resolve(image).resolve("boot"), source);
            }
            sources.add(source);
        }
        ChunkDictionaryOptions options = new ChunkDictionaryOptions(
                sources,
                folder.resolve("db").toString(),
                new OutputPlace.OutputFile(folder.resolve("dict")),
                Optional.empty(),
                PrefetchPolicy.NONE,
                List.of());
        return new GenerateChunkDictionary(options, ProgressListener.NONE).run();
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "v5-lz4-4k", "merge-v6"})
    void hasTheChunksOfWhatStaysFromTagToTag(String image) throws IOException {
        ChunkDictionaryResult result = generate(image, 4);
        assertThat(result.chunks()).isPositive();
        new CheckImage(CheckOptions.ofMetadata(folder.resolve("dict")), ProgressListener.NONE).run();
        try (Rafs source = Rafs.load(GOLDEN.resolve(image).resolve("boot"), LoadOptions.DEFAULT);
                Rafs dictionary = Rafs.load(folder.resolve("dict"), LoadOptions.DEFAULT)) {
            assertThat(dictionary.superblock().chunkSize())
                    .isEqualTo(source.superblock().chunkSize());
            // The dictionary says of each chunk what the image says of it, but for its place in a file.
            TreeMap<String, String> expected = new TreeMap<>();
            source.forEachChunk(chunk -> expected.put(
                    chunk.digest() + " " + source.blobs().get(chunk.blobIndex()).effectiveId(),
                    chunk.atFileOffset(0).inBlob(0).toString()));
            TreeMap<String, String> found = new TreeMap<>();
            dictionary.forEachChunk(chunk -> found.put(
                    chunk.digest() + " "
                            + dictionary.blobs().get(chunk.blobIndex()).effectiveId(),
                    chunk.atFileOffset(0).inBlob(0).toString()));
            assertThat(found).isNotEmpty();
            assertThat(expected).containsAllEntriesOf(found);
            if (image.startsWith("v6")) {
                assertThat(dictionary.blobs())
                        .allMatch(blob -> blob.features().has(BlobFeatures.IS_CHUNKDICT_GENERATED));
                assertThat(found).hasSameSizeAs(expected);
            }
        }
    }

    @Test
    void isTheSameEachTime() throws IOException {
        generate("v6-zstd-4k", 4);
        byte[] first = Files.readAllBytes(folder.resolve("dict"));
        Files.delete(folder.resolve("db"));
        generate("v6-zstd-4k", 4);
        assertThat(Files.readAllBytes(folder.resolve("dict"))).isEqualTo(first);
    }

    @Test
    void remembersEarlierImages() throws IOException {
        long once = generate("v6-zstd-4k", 1).databaseSize();
        assertThat(generate("v6-zstd-4k", 1).databaseSize()).isEqualTo(2 * once);
        try (ChunkDatabase database = ChunkDatabase.open(folder.resolve("db").toString())) {
            String blob = database.chunks().getFirst().blobId();
            assertThat(database.blob(blob)).isPresent();
            assertThat(database.chunksOfBlob(blob)).isNotEmpty();
            assertThat(database.blob("nothing")).isEmpty();
        }
    }

    @Test
    void leavesTheDatabaseAsItWasWhenAnImageIsBroken() throws IOException {
        generate("v6-zstd-4k", 1);
        byte[] before = Files.readAllBytes(folder.resolve("db"));
        Path broken = Files.createDirectories(folder.resolve("app:2")).resolve("boot");
        Files.write(broken, new byte[8192]);
        assertThatThrownBy(() -> generate("v6-zstd-4k", 2)).isInstanceOf(IOException.class);
        assertThat(Files.readAllBytes(folder.resolve("db"))).isEqualTo(before);
    }

    @Test
    void refusesMixedVersions() throws IOException {
        Path other = Files.createDirectories(folder.resolve("app:2")).resolve("boot");
        Files.copy(GOLDEN.resolve("v5-lz4-4k/boot"), other);
        assertThatThrownBy(() -> generate("v6-zstd-4k", 2)).isInstanceOf(MixedVersionsException.class);
        assertThat(folder.resolve("db")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"digest", "empty", "long", "negative", "far", "crc"})
    void refusesRowsThatAreNoChunks(String mistake) throws IOException {
        generate("v6-zstd-4k", 4);
        List<ChunkRow> rows;
        try (ChunkDatabase database = ChunkDatabase.open(folder.resolve("db").toString())) {
            rows = database.chunks();
        }
        Files.delete(folder.resolve("db"));
        Files.delete(folder.resolve("dict"));
        try (ChunkDatabase database = ChunkDatabase.open(folder.resolve("db").toString())) {
            database.addChunks(rows.stream().map(row -> broken(row, mistake)).toList());
            database.commit();
        }
        byte[] before = Files.readAllBytes(folder.resolve("db"));
        assertThatThrownBy(() -> generate("v6-zstd-4k", 4))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("the database has a chunk that is none")
                .hasMessageContaining(rows.getFirst().blobId());
        assertThat(folder.resolve("dict")).doesNotExist();
        assertThat(Files.readAllBytes(folder.resolve("db"))).isEqualTo(before);
    }

    private static ChunkRow broken(ChunkRow row, String mistake) {
        return new ChunkRow(
                row.image(),
                row.tag(),
                row.blobId(),
                mistake.equals("digest") ? row.digest().replaceFirst("..", "zz") : row.digest(),
                mistake.equals("crc") ? 1L << 32 : row.crc32(),
                mistake.equals("negative") ? -1 : row.compressedSize(),
                switch (mistake) {
                    case "empty" -> 0;
                    case "long" -> row.uncompressedSize() + (1L << 32);
                    default -> row.uncompressedSize();
                },
                mistake.equals("far") ? Long.MIN_VALUE : row.compressedOffset(),
                row.uncompressedOffset());
    }

    /** What a child process runs: waits for a reader of the dictionary, with a database that is not written yet. */
    static final class Waiting {
        private Waiting() {}

        /**
         * Generates.
         *
         * @param arguments source, database, and a FIFO for the dictionary
         */
        public static void main(String[] arguments) throws IOException {
            ChunkDictionaryOptions options = new ChunkDictionaryOptions(
                    List.of(Path.of(arguments[0])),
                    arguments[1],
                    new OutputPlace.OutputFile(Path.of(arguments[2])),
                    Optional.empty(),
                    PrefetchPolicy.NONE,
                    List.of());
            new GenerateChunkDictionary(options, ProgressListener.NONE).run();
        }
    }

    @Test
    void leavesNoDatabaseWhenTheProcessIsToldToEnd() throws IOException, InterruptedException {
        Path source = Files.createDirectories(folder.resolve("app:1")).resolve("boot");
        Files.copy(GOLDEN.resolve("v6-zstd-4k/boot"), source);
        Root.run("mkfifo", folder.resolve("fifo").toString());
        Path database = folder.resolve("db");
        Process process = new ProcessBuilder(ChildJvm.command(
                        Waiting.class,
                        source.toString(),
                        database.toString(),
                        folder.resolve("fifo").toString()))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        while (!Files.exists(folder.resolve("db-journal")) && process.isAlive()) {
            Thread.sleep(10);
        }
        process.destroy();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(folder.toFile().list()).containsExactlyInAnyOrder("app:1", "fifo");
    }
}
