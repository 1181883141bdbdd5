package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.Awaits;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares cache files with those that the reference's daemon left behind after the same reads, and reads on from them. */
final class RecordedCacheTest {
    /** What the kernel asks a daemon for at most, in bytes. */
    private static final int KERNEL_READ = 128 << 10;

    private static final int ALL_READY_OFFSET = 12;

    private static Path blobs;

    @TempDir
    Path temporary;

    private Path work;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    @BeforeEach
    void chooseFolder() {
        work = temporary.resolve("cache");
    }

    private static byte[] recorded(String file) throws IOException {
        return Files.readAllBytes(GoldenImage.root().resolve("../cache").resolve(file));
    }

    private byte[] cached(String suffix) throws IOException {
        return Files.readAllBytes(cachedFile(suffix));
    }

    private Path cachedFile(String suffix) throws IOException {
        try (Stream<Path> files = Files.list(work)) {
            return files.filter(file -> file.toString().endsWith(suffix))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Bits follow the data with a delay. */
    private void assertMapBecomes(String name) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!Arrays.equals(cached(".chunk_map"), recorded(name)) && System.nanoTime() < end) {
            Thread.sleep(10);
        }
        assertThat(cached(".chunk_map")).as(name).isEqualTo(recorded(name));
    }

    /** Reads a file as a mount would be asked to. */
    private static void read(BlobDevice device, Bootstrap bootstrap, String path, long most) throws IOException {
        Inode inode = GoldenBlobs.files(bootstrap).get(path);
        long end = Math.min(inode.size(), most);
        for (long offset = 0; offset < end; offset += KERNEL_READ) {
            device.read(inode, offset, ByteBuffer.allocate((int) Math.min(KERNEL_READ, end - offset)));
        }
    }

    private static void readAll(BlobDevice device, Bootstrap bootstrap) throws IOException {
        for (String path : GoldenBlobs.files(bootstrap).keySet()) {
            read(device, bootstrap, path, Long.MAX_VALUE);
        }
    }

    @Test
    void chunkMapIsTheReferencesAfterTheSameReads() throws Exception {
        StorageConfiguration configuration = TestStores.inFiles(blobs, work);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k")) {
            try (BlobDevice device = BlobDevice.open(bootstrap, configuration)) {
                assertMapBecomes("v6-zstd-4k/0-fresh.chunk_map");
                read(device, bootstrap, "/sizes/text-513", Long.MAX_VALUE);
                assertMapBecomes("v6-zstd-4k/1-text-513.chunk_map");
                read(device, bootstrap, "/sizes/zeros-50000", Long.MAX_VALUE);
                assertMapBecomes("v6-zstd-4k/2-then-zeros-50000.chunk_map");
                readAll(device, bootstrap);
                Awaits.until(device.blobs().getFirst()::isComplete);
                // The reference says that all is there when it next opens the map, we as soon as it is so.
                assertMapBecomes("v6-zstd-4k/4-reopened.chunk_map");
            }
            assertThat(cached(".chunk_map")).isEqualTo(recorded("v6-zstd-4k/4-reopened.chunk_map"));
        }
    }

    @ParameterizedTest
    @CsvSource({"/dup/three, only-dup-three", "/sizes/mixed-200000, only-mixed-200000"})
    void oneReadMakesTheReferencesChunksReady(String path, String map) throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k");
                BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))) {
            read(device, bootstrap, path, Long.MAX_VALUE);
            assertMapBecomes("v6-zstd-4k/" + map + ".chunk_map");
        }
    }

    @Test
    void oneReadMakesTheReferencesBatchesReady() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-batch");
                BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))) {
            read(device, bootstrap, "/dup/three", Long.MAX_VALUE);
            assertMapBecomes("v6-batch/only-dup-three.chunk_map");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v5-lz4-4k", "targz-ref"})
    void chunkMapIsTheReferencesAfterAllReads(String image) throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))) {
            readAll(device, bootstrap);
        }
        byte[] map = cached(".chunk_map");
        map[ALL_READY_OFFSET] = map[ALL_READY_OFFSET + 1] = map[ALL_READY_OFFSET + 2] = map[ALL_READY_OFFSET + 3] = 0;
        assertThat(map).isEqualTo(recorded(image + "/all.chunk_map"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v6-batch", "targz-ref", "v6-encrypt", "v6-toc"})
    void chunkInformationIsCachedAsByTheReference(String image) throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice _ = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))) {
            assertThat(cached(".blob.meta")).isEqualTo(recorded(image + "/blob.meta"));
        }
    }

    @Test
    void validationCachesTocAndDigestsAsTheReference() throws IOException {
        StorageConfiguration configuration = TestStores.of(blobs, work, false, true, 0, PrefetchConfiguration.ABSENT);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-toc");
                BlobDevice _ = BlobDevice.open(bootstrap, configuration)) {
            assertThat(cached(".blob.toc")).isEqualTo(recorded("v6-toc/blob.toc"));
            byte[] digests = cached(".blob.digest");
            byte[] expected = new byte[digests.length];
            bootstrap.forEachChunk(
                    chunk -> System.arraycopy(chunk.digest().toBytes(), 0, expected, 32 * chunk.index(), 32));
            assertThat(digests).isEqualTo(expected);
        }
    }

    @Test
    void readsOnFromTheReferencesFiles() throws IOException {
        // Lays the reference's map over our data, which is the same, and reads without the blob's content.
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k")) {
            try (BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))) {
                readAll(device, bootstrap);
            }
            Files.write(cachedFile(".chunk_map"), recorded("v6-zstd-4k/4-reopened.chunk_map"));
            Path empty = Files.createDirectory(temporary.resolve("empty"));
            Files.createFile(empty.resolve(bootstrap.blobs().getFirst().effectiveId()));
            try (BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(empty, work))) {
                GoldenTree.full().assertReadsAll(bootstrap, device);
                assertThat(device.store().cacheCounters().fetchedBytes()).isZero();
            }
        }
    }

    @Test
    void mapWithoutDataIsNotBelieved() throws IOException {
        // The map says that all is there, but the data file is new: a user removed it, or the disk lost it.
        Files.createDirectories(work);
        GoldenTree expected = GoldenTree.full();
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k")) {
            String id = bootstrap.blobs().getFirst().effectiveId();
            Path map = work.resolve(id + ".blob.data.chunk_map");
            for (boolean sizedData : new boolean[] {false, true}) {
                Files.write(map, recorded("v6-zstd-4k/4-reopened.chunk_map"));
                if (sizedData) {
                    // As long as it must be, and all holes.
                    Files.write(
                            work.resolve(id + ".blob.data"),
                            new byte[(int) bootstrap.blobs().getFirst().uncompressedSize()]);
                }
                try (BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))) {
                    String path = "/sizes/mixed-200000";
                    expected.assertReads(
                            device, path, GoldenBlobs.files(bootstrap).get(path));
                }
                assertThat(cached(".chunk_map")[ALL_READY_OFFSET])
                        .as("all_ready")
                        .isZero();
            }
        }
    }
}
