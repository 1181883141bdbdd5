package io.nydus4j.storage.folder;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CacheFolderTest {
    private static final Path GOLDEN = Path.of(System.getProperty("nydus4j.testdata"), "golden");

    @TempDir
    Path work;

    private static Rafs image(String name) throws IOException {
        return Rafs.load(GOLDEN.resolve(name).resolve("boot"), LoadOptions.DEFAULT);
    }

    /** Fetches every other chunk of the image's only blob, and what comes along. */
    private void fill(String name) throws IOException {
        try (Rafs image = image(name);
                BlobDevice device = BlobDevice.open(image, TestStores.inFiles(GOLDEN.resolve(name), work))) {
            LazyBlob blob = device.blob(0);
            image.forEachChunk(chunk -> {
                if (chunk.index() % 2 == 0) {
                    try (Pin _ = blob.ensure(chunk.uncompressedOffset(), chunk.uncompressedSize())) {
                        assertThat(chunk.blobIndex()).isZero();
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                }
            });
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v5-lz4-4k"})
    void listsWhatIsThere(String name) throws Exception {
        fill(name);
        Files.writeString(work.resolve("unrelated.txt"), "x");
        List<CacheEntry> entries = CacheFolder.list(work);
        assertThat(entries).hasSize(1);
        CacheEntry entry = entries.getFirst();
        assertThat(Files.exists(GOLDEN.resolve(name).resolve(entry.blobId()))).isTrue();
        assertThat(entry.chunks().orElseThrow()).isGreaterThan(100);
        assertThat(entry.usedBytes()).isPositive();
        assertThat(entry.problem()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v5-lz4-4k"})
    void findsDamage(String name) throws Exception {
        fill(name);
        String blobId = CacheFolder.list(work).getFirst().blobId();
        try (Rafs image = image(name)) {
            CacheCheck.Result right = CacheCheck.run(image, work, false).getFirst();
            assertThat(right.checked()).isGreaterThan(100);
            assertThat(right.damaged()).isZero();
            long[] place = {-1};
            image.forEachChunk(chunk -> place[0] = chunk.index() == 10 ? chunk.uncompressedOffset() : place[0]);
            try (RandomAccessFile data =
                    new RandomAccessFile(work.resolve(blobId + ".blob.data").toFile(), "rw")) {
                data.seek(place[0]);
                int before = data.read();
                data.seek(place[0]);
                data.write(before ^ 1);
            }
            CacheCheck.Result wrong = CacheCheck.run(image, work, false).getFirst();
            assertThat(wrong.damaged()).isEqualTo(1);
            assertThat(wrong.checked()).isEqualTo(right.checked() - 1);
            assertThat(wrong.missing()).isEqualTo(right.missing());
        }
    }

    @Test
    void tellsOfBrokenChunkMaps() throws Exception {
        fill("v6-zstd-4k");
        String blobId = CacheFolder.list(work).getFirst().blobId();
        Files.writeString(work.resolve(blobId + ".blob.data.chunk_map"), "garbage");
        assertThat(CacheFolder.list(work).getFirst().problem()).contains("not a chunk map");
    }

    @Test
    void prunesTheOldestAndLeavesWhatIsInUse() throws Exception {
        fill("v6-zstd-4k");
        String old = CacheFolder.list(work).getFirst().blobId();
        for (Path file : CacheFolder.list(work).getFirst().files()) {
            Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofDays(9))));
        }
        fill("v5-lz4-4k");
        Optional<Instant> week = Optional.of(Instant.now().minus(Duration.ofDays(7)));
        assertThat(CachePrune.choose(work, week, OptionalLong.empty()))
                .extracting(CacheEntry::blobId)
                .containsExactly(old);
        assertThat(CachePrune.choose(work, Optional.empty(), OptionalLong.of(0)))
                .hasSize(2);
        assertThat(CachePrune.choose(work, Optional.empty(), OptionalLong.of(1L << 40)))
                .isEmpty();
        try (Rafs image = image("v6-zstd-4k");
                BlobDevice device = BlobDevice.open(image, TestStores.inFiles(GOLDEN.resolve("v6-zstd-4k"), work))) {
            assertThat(device.blobs()).hasSize(1);
            assertThat(CachePrune.choose(work, Optional.empty(), OptionalLong.of(0)))
                    .extracting(CacheEntry::blobId)
                    .doesNotContain(old);
        }
        for (CacheEntry entry : CachePrune.choose(work, Optional.empty(), OptionalLong.of(0))) {
            CachePrune.remove(entry);
        }
        assertThat(CacheFolder.list(work)).isEmpty();
    }
}
