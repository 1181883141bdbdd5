package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compacted images read back: equal to what they were made of, and smaller. */
final class CompactImageTest {
    private static final long MEGABYTE = 1 << 20;

    @TempDir
    Path folder;

    private Optional<BuildResult> compact(Path bootstrap, int ratio, long blobSize, Optional<Path> dictionary)
            throws IOException {
        try (DirectoryBackend backend = new DirectoryBackend(bootstrap.getParent())) {
            CompactOptions options = new CompactOptions(
                    bootstrap,
                    backend,
                    folder.resolve("new"),
                    bootstrap.getParent(),
                    dictionary,
                    ratio,
                    blobSize,
                    100 * MEGABYTE,
                    0);
            return new CompactImage(options, ProgressListener.NONE).run();
        }
    }

    private void assertSound(Path blobs) throws IOException {
        try (DirectoryBackend backend = new DirectoryBackend(blobs)) {
            CheckOptions check = new CheckOptions(folder.resolve("new"), Optional.of(backend), true, 2);
            assertThat(new CheckImage(check, ProgressListener.NONE).run().verifiedChunks())
                    .isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge-v6", "merge-v5", "dict-hit-v6", "dict-hit-v5"})
    void putsSmallBlobsTogether(String image) throws IOException {
        Path bootstrap = Images.copyGolden(image, folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        Optional<BuildResult> result = compact(bootstrap, 0, 10 * MEGABYTE, Optional.empty());
        assertThat(result.orElseThrow().blobs()).hasSize(1);
        assertThat(Images.content(folder.resolve("new"), bootstrap.getParent())).isEqualTo(content);
        assertSound(bootstrap.getParent());
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "v6-encrypt", "v6-toc", "v5-lz4-4k"})
    void leavesAloneWhatIsUsedWhole(String image) throws IOException {
        Path bootstrap = Images.copyGolden(image, folder.resolve("image"));
        Optional<BuildResult> result = compact(bootstrap, 90, 0, Optional.empty());
        assertThat(result).isEmpty();
        assertThat(folder.resolve("new")).doesNotExist();
    }

    /** The ratio is above what can be, so that every blob is written anew. */
    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "v6-encrypt", "v6-toc", "targz-ref", "v5-lz4-4k", "merge-v6"})
    void writesEveryKindOfBlobAnew(String image) throws IOException {
        Path bootstrap = Images.copyGolden(image, folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        assertThat(compact(bootstrap, 255, 0, Optional.empty())).isPresent();
        assertThat(Images.content(folder.resolve("new"), bootstrap.getParent())).isEqualTo(content);
        assertSound(bootstrap.getParent());
    }

    @ParameterizedTest
    @ValueSource(strings = {"dict-hit-v6", "dict-hit-v5"})
    void shrinksAnImageThatUsesLittleOfItsDictionary(String image) throws IOException {
        Path bootstrap = Images.copyGolden(image, folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        long before = blobBytes(bootstrap);
        assertThat(compact(bootstrap, 90, 0, Optional.empty())).isPresent();
        assertThat(Images.content(folder.resolve("new"), bootstrap.getParent())).isEqualTo(content);
        assertThat(blobBytes(folder.resolve("new"))).isLessThan(before / 2);
        assertSound(bootstrap.getParent());
    }

    private long blobBytes(Path bootstrap) throws IOException {
        long bytes = 0;
        try (Rafs rafs = Rafs.load(bootstrap, LoadOptions.DEFAULT)) {
            for (var blob : rafs.blobs()) {
                bytes += Files.size(folder.resolve("image").resolve(blob.effectiveId()));
            }
        }
        return bytes;
    }

    @Test
    void keepsTheBlobsOfADictionary() throws IOException {
        Path bootstrap = Images.copyGolden("dict-hit-v6", folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        Path dictionary = Path.of(System.getProperty("nydus4j.testdata"), "golden", "tar-v6-zstd", "boot");
        String shared;
        try (Rafs rafs = Rafs.load(dictionary, LoadOptions.DEFAULT)) {
            shared = rafs.blobs().getFirst().effectiveId();
        }
        Optional<BuildResult> result = compact(bootstrap, 255, 0, Optional.of(dictionary));
        assertThat(result.orElseThrow().blobs()).contains(shared);
        assertThat(Images.content(folder.resolve("new"), bootstrap.getParent())).isEqualTo(content);
    }

    @Test
    void doesNothingBelowTheNumberOfLayers() throws IOException {
        Path bootstrap = Images.copyGolden("merge-v6", folder.resolve("image"));
        try (DirectoryBackend backend = new DirectoryBackend(bootstrap.getParent())) {
            CompactOptions options = new CompactOptions(
                    bootstrap,
                    backend,
                    folder.resolve("new"),
                    bootstrap.getParent(),
                    Optional.empty(),
                    0,
                    10 * MEGABYTE,
                    100 * MEGABYTE,
                    9);
            assertThat(new CompactImage(options, ProgressListener.NONE).run()).isEmpty();
        }
    }

    /** Chunks are found again by their index. */
    @Test
    void refusesTwoChunksOfOneIndex() throws IOException {
        Path source = Files.createDirectory(folder.resolve("source"));
        Files.writeString(source.resolve("a"), "a".repeat(5000));
        Files.writeString(source.resolve("b"), "b".repeat(6000));
        Path images = Files.createDirectory(folder.resolve("image"));
        Path bootstrap = Images.build(CreateOptions.builder(source).version(RafsVersion.V5), images);
        byte[] bytes = Files.readAllBytes(bootstrap);
        ByteBuffer words = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        // The record of the second file's chunk ends the bootstrap: index 1, and a CRC.
        assertThat(words.getInt(bytes.length - 8)).isEqualTo(1);
        words.putInt(bytes.length - 8, 0);
        Files.write(bootstrap, bytes);
        assertThatThrownBy(() -> compact(bootstrap, 255, 0, Optional.empty()))
                .isInstanceOf(IOException.class)
                .hasMessageMatching("chunk 0 of blob [0-9a-f]{64}: is described in two ways");
        assertThat(folder.resolve("new")).doesNotExist();
    }
}
