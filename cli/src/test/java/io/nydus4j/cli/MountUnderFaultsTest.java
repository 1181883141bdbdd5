package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Compression;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.SeenTree;
import io.nydus4j.daemon.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mounts as users make them, from a registry, by the launchers: {@code fio --verify} reads what it once wrote, and others compare all
 * files with their source, while there is always something wrong with the registry, the network or the disk ({@link ChaosFault}), and with
 * the cache that an earlier daemon left ({@link CacheDamage}); or while the daemon is killed and started again.
 *
 * <p>Each takes a minute under {@code CI=true}, else less; {@code -Dnydus4j.soak=true} does that at length, and
 * {@code -Dnydus4j.chaos.seconds=300} says how long chaos lasts.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class MountUnderFaultsTest {
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final Duration SHORT = Duration.ofSeconds("true".equals(System.getenv("CI")) ? 60 : 15);
    private static final Duration CHAOS =
            Duration.ofSeconds(Long.getLong("nydus4j.chaos.seconds", SOAK ? 30 * 60 : SHORT.toSeconds()));
    private static final Duration KILLS = SOAK ? Duration.ofMinutes(10) : SHORT;
    private static final Duration LONG_ENOUGH_FOR_ALL = Duration.ofMinutes(10);
    private static final Duration LONGEST_FAULT = Duration.ofMillis(SOAK ? 1000 : 400);
    private static final double MOST_COVER = 1.05;

    @TempDir
    static Path shared;

    private static Path tree;
    private static Path bootstrap;
    private static Path blob;

    @TempDir
    Path directory;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    /** What was done last that may explain a failure. */
    private String what = "with a new cache";

    /** Builds the commands, and an image of files that fio wrote and of a tree with everything. */
    @BeforeAll
    static void build() throws Exception {
        FuseCondition.requireRootAndFuse();
        Launchers.build();
        tree = Files.createDirectory(shared.resolve("tree"));
        Shell.out(tree, """
            tar --numeric-owner -xpf "$1"
            for i in 1 2; do
                fio --name=write --filename=fio$i --size=6m --rw=write --bs=4k --verify=crc32c --do_verify=0 \\
                    --buffer_compress_percentage=60 --refill_buffers >/dev/null
            done\
            """, Golden.of("v6-zstd-4k").archivePath().toString());
        Path blobs = Files.createDirectory(shared.resolve("blobs"));
        BuildResult built = new CreateImage(
                        CreateOptions.builder(tree)
                                .blobDirectory(blobs)
                                .compression(Compression.ZSTD)
                                .chunkSize(0x10000)
                                .build(),
                        ProgressListener.NONE)
                .run();
        bootstrap = built.bootstrap().orElseThrow();
        blob = blobs.resolve(built.blobs().getFirst());
    }

    @AfterEach
    void leaveNothing() throws Exception {
        Shell.unmountBelow(directory);
        Shell.run(directory, """
            for holder in run/holder.json; do
                [[ ! -f $holder ]] || kill -9 "$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' "$holder")"
            done\
            """);
    }

    private ChaosRegistry startRegistry() throws Exception {
        Files.createDirectory(directory.resolve("mnt"));
        ChaosRegistry registry = new ChaosRegistry(directory, new Random(random.nextLong()));
        registry.with(blob.getFileName().toString(), Files.readAllBytes(blob), Duration.ofMillis(50));
        return registry;
    }

    private RespawnedDaemon start(Driver driver, ChaosRegistry registry, Path cache) throws IOException {
        Files.writeString(directory.resolve("config.json"), """
            {"version":2,"backend":%s,"cache":{"type":"filecache","filecache":{"work_dir":"%s"}},
            "rafs":{"mode":"direct","batch_size":0}}\
            """.formatted(registry.backend(), cache));
        return new RespawnedDaemon(directory, driver, bootstrap, registry.javaOption());
    }

    private String log() throws IOException {
        return "seed " + seed + ", " + what + "\n" + Files.readString(directory.resolve("log"));
    }

    /** Has fio read and verify a file, block by block in random order. */
    private SeenTree verify(int number) throws IOException, InterruptedException {
        Shell.Result result = Shell.run(
                directory,
                "fio --readonly --name=verify --filename=mnt/fio$1 --size=6m --rw=randread --bs=4k --verify=crc32c"
                        + " --verify_fatal=1",
                Integer.toString(number));
        boolean right = result.code() == 0 && !result.err().contains("verify");
        return new SeenTree(1, right ? List.of() : List.of(result.out() + result.err()), 0);
    }

    private List<Future<SeenTree>> startReaders(ExecutorService threads) {
        List<Future<SeenTree>> readers = new ArrayList<>();
        for (int number = 1; number <= 2; number++) {
            int file = number;
            long order = random.nextLong();
            readers.add(threads.submit(() -> verify(file)));
            readers.add(threads.submit(() -> SeenTree.readAll(tree, directory.resolve("mnt"), order)));
        }
        return readers;
    }

    @Test
    void fuseSurvivesChaos() throws Exception {
        readersSeeTheRightBytesAndNoErrorUnderFaults(Driver.FUSE);
    }

    @Test
    void fuseSurvivesKills() throws Exception {
        readersSeeTheRightBytesAndNoErrorUnderKills(Driver.FUSE);
    }

    @Test
    void erofsSurvivesChaos() throws Exception {
        ErofsCondition.requireRootAndErofs();
        readersSeeTheRightBytesAndNoErrorUnderFaults(Driver.EROFS);
    }

    @Test
    void erofsSurvivesKills() throws Exception {
        ErofsCondition.requireRootAndErofs();
        readersSeeTheRightBytesAndNoErrorUnderKills(Driver.EROFS);
    }

    private void readersSeeTheRightBytesAndNoErrorUnderFaults(Driver driver) throws Exception {
        Totals totals = new Totals();
        try (SmallDisk disk = new SmallDisk(directory);
                ChaosRegistry registry = startRegistry();
                ChaosScript script =
                        new ChaosScript(new Random(random.nextLong()), registry, disk, CHAOS, LONGEST_FAULT)) {
            for (long end = System.nanoTime() + CHAOS.toNanos(); System.nanoTime() < end; totals.rounds++) {
                Path cache = disk.path().resolve("cache" + totals.rounds);
                what = "with a new cache";
                life(driver, registry, disk, cache, totals);
                CacheDamage damage = CacheDamage.values()[random.nextInt(CacheDamage.values().length)];
                damage.apply(cache, random);
                totals.damages.merge(damage, 1, Integer::sum);
                what = "after " + damage + " of the cache";
                life(driver, registry, disk, cache, totals);
                Shell.out(directory, "rm -rf \"$1\"", cache.toString());
            }
            script.end();
            System.out.println(driver + ": seed " + seed + ", " + totals + "\n" + script);
            assertThat(script.met()).isNotEmpty();
            if (CHAOS.compareTo(LONG_ENOUGH_FOR_ALL) >= 0) {
                assertThat(script.met()).as("faults that somebody met").contains(ChaosFault.values());
            }
        }
    }

    /** Starts a daemon, has all files read, and ends the daemon. */
    private void life(Driver driver, ChaosRegistry registry, SmallDisk disk, Path cache, Totals totals)
            throws Exception {
        registry.forgetClients();
        registry.takeServedBytes();
        RespawnedDaemon daemon = start(driver, registry, cache);
        daemon.awaitMount();
        disk.mayBeFull(true);
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            for (Future<SeenTree> reader : startReaders(threads)) {
                totals.add(reader.get(), this::log);
            }
        }
        disk.mayBeFull(false);
        totals.mostCover = Math.max(totals.mostCover, (double) registry.takeServedBytes() / Files.size(blob));
        assertThat(totals.mostCover).as("how often a byte was sent; " + log()).isLessThanOrEqualTo(MOST_COVER);
        daemon.unmount();
    }

    private void readersSeeTheRightBytesAndNoErrorUnderKills(Driver driver) throws Exception {
        Totals totals = new Totals();
        int killed = 0;
        try (ChaosRegistry registry = startRegistry();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            for (long end = System.nanoTime() + KILLS.toNanos(); System.nanoTime() < end; totals.rounds++) {
                Path cache = directory.resolve("cache" + totals.rounds);
                RespawnedDaemon daemon = start(driver, registry, cache);
                daemon.awaitMount();
                List<Future<SeenTree>> readers = startReaders(threads);
                while (readers.stream().anyMatch(reader -> !reader.isDone()) && System.nanoTime() < end) {
                    Thread.sleep(200 + random.nextInt(1800));
                    killed += daemon.kill() ? 1 : 0;
                }
                for (Future<SeenTree> reader : readers) {
                    totals.add(reader.get(), this::log);
                }
                daemon.unmount();
                Shell.out(directory, "rm -rf \"$1\"", cache.toString());
            }
        }
        System.out.println(driver + ": seed " + seed + ", " + totals + ", " + killed + " kills");
        assertThat(killed).isPositive();
    }

    /** What all rounds saw. */
    private static final class Totals {
        private int rounds;
        private int files;
        private long worstNanos;
        private double mostCover;
        private final Map<CacheDamage, Integer> damages = new EnumMap<>(CacheDamage.class);

        void add(SeenTree seen, Callable<String> log) throws Exception {
            assertThat(seen.wrong())
                    .as(seen.wrong().isEmpty() ? "" : log.call())
                    .isEmpty();
            files += seen.files();
            worstNanos = Math.max(worstNanos, seen.worstNanos());
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%d rounds, %d files compared or verified, bytes sent at most %.3f times, longest wait %d ms,"
                            + " caches damaged: %s",
                    rounds,
                    files,
                    mostCover,
                    TimeUnit.NANOSECONDS.toMillis(worstNanos),
                    damages);
        }
    }
}
