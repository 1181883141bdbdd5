package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.build.chunkdict.ChunkDatabase;
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
}
