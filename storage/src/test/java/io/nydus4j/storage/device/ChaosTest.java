package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.ProxySettings;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.http.MisbehavingServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files are read and compared while their server goes through every fault that may pass, each of which ends before readers give up: no
 * read fails, no byte is wrong, and hardly a byte is sent twice. (What a server refuses for good is an error at once.)
 */
final class ChaosTest {
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final long SECONDS = SOAK ? 1800 : 45;
    private static final double MOST_COVER = 1.05;
    /** An attempt meets a fault three times of ten, so of a hundred requests in trouble one may meet nine in a row, none seventeen. */
    private static final int RETRIES = 16;

    private static final int SOAK_TIMEOUT = 2400;
    private static final List<String> IMAGES =
            List.of("v6-zstd-4k", "v6-none-4k", "v6-batch", "v5-lz4-4k", "v5-none-sha256", "v6-zstd-1m");

    private static final GoldenTree TREE = GoldenTree.full();

    private static Path blobs;

    @TempDir
    Path temporary;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    private StorageConfiguration configuration(String address, Path work, boolean prefetch) {
        NetworkSettings network =
                new NetworkSettings(false, List.of(), 1, 1, RETRIES, ProxySettings.DEFAULT, List.of(), 0);
        PrefetchConfiguration prefetching =
                prefetch ? new PrefetchConfiguration(true, 2, 1 << 17, 0, true, false) : PrefetchConfiguration.ABSENT;
        CacheConfiguration cache = TestStores.cache(FileCacheSettings.in(work.toString()), false, false, prefetching);
        return StorageConfiguration.of(new HttpProxySettings(address + "/", "", network), cache);
    }

    @Test
    @Timeout(SOAK_TIMEOUT)
    void everyFaultIsSurvivedWithoutAWrongByteOrAFailedRead() throws Exception {
        long seed = 2026;
        long size = 0;
        long rounds = 0;
        double mostCover = 0;
        long slowest = 0;
        try (MisbehavingServer server = new MisbehavingServer();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            for (String image : IMAGES) {
                try (Bootstrap bootstrap = GoldenBlobs.load(image)) {
                    String id = bootstrap.blobs().getFirst().effectiveId();
                    byte[] content = Files.readAllBytes(blobs.resolve(id));
                    server.with(id, content);
                    size += content.length;
                }
            }
            server.misbehave(new Random(seed));
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (System.nanoTime() < end) {
                server.takeServedBytes();
                Path work = temporary.resolve("round-" + rounds);
                slowest = Math.max(slowest, readEverything(server, threads, work, rounds % 3 == 2, seed + rounds));
                mostCover = Math.max(mostCover, (double) server.takeServedBytes() / size);
                assertThat(mostCover)
                        .as("seed " + seed + " round " + rounds + ": how often a byte was sent")
                        .isLessThanOrEqualTo(MOST_COVER);
                rounds++;
            }
            assertThat(server.seen()).as("faults").contains(MisbehavingServer.Fault.values());
            assertThat(server.faultyAnswers()).as("requests that met a fault").isGreaterThan(20);
            System.out.printf(
                    "chaos: %d rounds, %d faulty answers, bytes sent at most %.3f times, slowest read %d ms%n",
                    rounds, server.faultyAnswers(), mostCover, slowest);
        }
    }

    /** Reads and compares all files of all images, from an empty cache; returns the time of the slowest read in milliseconds. */
    private long readEverything(
            MisbehavingServer server, ExecutorService threads, Path work, boolean prefetch, long seed)
            throws Exception {
        List<Bootstrap> bootstraps = new ArrayList<>();
        List<BlobDevice> devices = new ArrayList<>();
        BlobPool pool = new BlobPool();
        AtomicLong slowest = new AtomicLong();
        try {
            List<Future<?>> readers = new ArrayList<>();
            for (String image : IMAGES) {
                Bootstrap bootstrap = GoldenBlobs.load(image);
                bootstraps.add(bootstrap);
                BlobDevice device = pool.open(bootstrap, configuration(server.address(), work, prefetch), "/" + image);
                devices.add(device);
                device.startPrefetch(Optional.empty(), prefetch);
                Map<String, Inode> files = GoldenBlobs.files(bootstrap);
                for (int reader = 0; reader < 2; reader++) {
                    List<String> paths = new ArrayList<>(TREE.files().keySet());
                    Collections.shuffle(paths, new Random(seed + reader));
                    readers.add(threads.submit(() -> {
                        for (String path : paths) {
                            Inode inode = files.get(path);
                            if (inode != null) {
                                long start = System.nanoTime();
                                TREE.assertReads(device, path, inode);
                                long millis = (System.nanoTime() - start) / 1_000_000;
                                slowest.accumulateAndGet(millis, Math::max);
                                Thread.sleep(ThreadLocalRandom.current().nextInt(12));
                            }
                        }
                        return null;
                    }));
                }
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
            return slowest.get();
        } finally {
            devices.forEach(BlobDevice::close);
            bootstraps.forEach(Bootstrap::close);
        }
    }
}
