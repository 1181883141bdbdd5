package io.nydus4j.storage.prefetch;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.Awaits;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.RateLimit;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is fetched before anybody asks. Counts that are expected were recorded from the reference's daemon. */
final class PrefetchTest {
    private static final PrefetchConfiguration ALL = new PrefetchConfiguration(true, 8, 1 << 20, 0, true, false);
    private static final PrefetchConfiguration LISTED = new PrefetchConfiguration(true, 2, 1 << 20, 0, false, false);

    private static Path blobs;

    @TempDir
    Path work;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    private BlobDevice device(Bootstrap bootstrap, PrefetchConfiguration prefetch) throws IOException {
        return BlobDevice.open(bootstrap, TestStores.of(blobs, work, false, false, 0, prefetch));
    }

    @Test
    void wholeV6BlobIsOneRequestAsInTheReference() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k");
                BlobDevice device = device(bootstrap, ALL)) {
            device.startPrefetch(Optional.empty(), false);
            Awaits.until(() -> device.blobs().getFirst().isComplete()
                    && device.store().cacheCounters().snapshot().prefetchEndTimeSecs() > 0);
            CacheCounters.Snapshot cache = device.store().cacheCounters().snapshot();
            assertThat(cache.entriesCount()).isEqualTo(384);
            assertThat(cache.prefetchDataAmount()).isEqualTo(200_571);
            assertThat(cache.prefetchRequestsCount()).isEqualTo(1);
            assertThat(cache.prefetchWorkers()).isEqualTo(8);
            assertThat(cache.prefetchUnmergedChunks()).isZero();
            assertThat(cache.total()).isZero();
            BackendCounters.Snapshot backend = device.store().backendCounters().snapshot();
            assertThat(backend.readCount()).isEqualTo(2);
            assertThat(backend.readAmountTotal()).isEqualTo(207_506);
            assertThat(backend.readCountBlockSizeDist()).containsExactly(0L, 0L, 1L, 0L, 0L, 1L, 0L, 0L);
        }
    }

    @Test
    void wholeV5ImageIsPrefetchedByItsFiles() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v5-lz4-4k");
                BlobDevice device = device(bootstrap, ALL)) {
            device.startPrefetch(Optional.empty(), false);
            Awaits.until(() -> device.blobs().getFirst().isComplete());
            // As many chunks as the reference counts for the same image, whose table is empty.
            assertThat(device.store().cacheCounters().snapshot().prefetchUnmergedChunks())
                    .isEqualTo(419);
        }
    }

    @Test
    void tableOfTheImageIsPrefetched() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-prefetch-fs");
                BlobDevice device = device(bootstrap, LISTED)) {
            device.startPrefetch(Optional.empty(), false);
            Inode inode = GoldenBlobs.files(bootstrap).get("/sizes/mixed-200000");
            LazyBlob blob = device.blobs().getFirst();
            Awaits.until(() -> {
                try {
                    return blob.isReady(inode.chunkBlobOffset(0), inode.size());
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
        }
    }

    @Test
    void listedFilesAreFetchedAndOthersNot() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k");
                BlobDevice device = device(bootstrap, LISTED)) {
            Inode wanted = GoldenBlobs.files(bootstrap).get("/sizes/text-65536");
            device.startPrefetch(Optional.of(List.of(wanted.ino())), false);
            LazyBlob blob = device.blobs().getFirst();
            Awaits.until(() -> {
                try {
                    return blob.isReady(wanted.chunkBlobOffset(0), wanted.chunkLength(0));
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(blob.isReady(0, 1)).isFalse();
        }
    }

    @Test
    void nothingIsFetchedIfTheCacheDoesNotAllowIt() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k");
                BlobDevice device = device(bootstrap, PrefetchConfiguration.ABSENT)) {
            device.startPrefetch(Optional.empty(), true);
            Thread.sleep(50);
            assertThat(device.store().cacheCounters().fetchedBytes()).isZero();
        }
    }

    @Test
    void closingStopsAndDoesNotWaitForTheQueue() throws Exception {
        TestBackend backend = new TestBackend(blobs);
        CountDownLatch release = new CountDownLatch(1);
        PrefetchConfiguration small = new PrefetchConfiguration(true, 1, 1 << 12, 0, true, false);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k")) {
            BlobDevice device = BlobDevice.open(bootstrap, TestStores.of(blobs, work, false, false, 0, small), backend);
            backend.forget();
            backend.behave((request, answer) -> {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            });
            device.startPrefetch(Optional.empty(), false);
            Awaits.until(() -> !backend.requests().isEmpty());
            Thread closer = Thread.ofPlatform().start(device::close);
            Thread.sleep(20);
            release.countDown();
            closer.join(5000);
            assertThat(closer.isAlive()).isFalse();
            assertThat(backend.requests()).hasSize(1);
            Awaits.until(() -> device.store().cacheCounters().snapshot().prefetchWorkers() == 0);
        }
    }

    @Test
    void failedPrefetchIsNoErrorForReaders() throws Exception {
        TestBackend backend = new TestBackend(blobs);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k");
                BlobDevice device =
                        BlobDevice.open(bootstrap, TestStores.of(blobs, work, false, false, 0, ALL), backend)) {
            backend.forget();
            CountDownLatch asked = new CountDownLatch(1);
            backend.behave((request, answer) -> {
                if (backend.requests().size() == 1) {
                    asked.countDown();
                    try {
                        Thread.sleep(100);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    throw new IOException("out of order");
                }
            });
            device.startPrefetch(Optional.empty(), false);
            asked.await();
            // Joins the request that is going to fail.
            device.blob(0).read(0, ByteBuffer.allocate(100));
            assertThat(device.blob(0).isReady(0, 100)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v6-zstd-4k", "v5-lz4-4k"})
    void restartedCacheIsFoundCompleteAndMendedOnTheWay(String image) throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load(image)) {
            Path data = work.resolve(bootstrap.blobs().getFirst().effectiveId() + ".blob.data");
            try (BlobDevice device = device(bootstrap, ALL)) {
                device.startPrefetch(Optional.empty(), false);
                Awaits.until(() -> device.blobs().getFirst().isComplete());
            }
            try (BlobDevice device = device(bootstrap, ALL)) {
                assertThat(device.blobs().getFirst().isComplete())
                        .as("unchecked")
                        .isFalse();
                device.startPrefetch(Optional.empty(), false);
                Awaits.until(() -> device.blobs().getFirst().isComplete());
                // What was there was checked, and not fetched again.
                assertThat(device.store().cacheCounters().fetchedBytes()).isZero();
            }
            byte[] right = Files.readAllBytes(data);
            byte[] damaged = right.clone();
            damaged[200_000] ^= 1;
            Files.write(data, damaged);
            try (BlobDevice device = device(bootstrap, ALL)) {
                device.startPrefetch(Optional.empty(), false);
                Awaits.until(() -> device.blobs().getFirst().isComplete());
                assertThat(Files.readAllBytes(data)).isEqualTo(right);
            }
        }
    }

    @Test
    void rateIsLimited() throws Exception {
        RateLimit limit = Prefetcher.limitOf(new PrefetchConfiguration(true, 1, 1 << 20, 1, false, false));
        long start = System.nanoTime();
        limit.take(16 << 20);
        limit.take(4 << 20);
        limit.take(1);
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        assertThat(millis).isBetween(200L, 2000L);
    }
}
