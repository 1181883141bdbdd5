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
import io.nydus4j.storage.http.MisbehavingServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
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
 * files with their source, while the server goes through every fault that may pass, or the daemon is killed and started again.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class MountUnderFaultsTest {
    private static final Path ROOT = Path.of(System.getProperty("nydus4j.root"));
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final Duration CHAOS = SOAK ? Duration.ofMinutes(30) : Duration.ofSeconds(15);
    private static final Duration KILLS = SOAK ? Duration.ofMinutes(10) : Duration.ofSeconds(15);
    private static final double MOST_COVER = 1.05;
    private static final int PATIENCE_SECONDS = 60;

    @TempDir
    static Path shared;

    private static Path tree;
    private static Path bootstrap;
    private static Path blob;

    @TempDir
    Path directory;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

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
        Shell.run(directory, """
            while umount -l mnt 2>/dev/null; do :; done
            for holder in run/holder.json; do
                [[ ! -f $holder ]] || kill -9 "$(sed 's/.*"pid":\\([0-9]*\\).*/\\1/' "$holder")"
            done\
            """);
    }

    /** {@code nydusd --respawn} with a cache of its own. */
    private final class Daemon {
        private final Process loop;

        Daemon(Driver driver, Path cache, String server) throws IOException {
            Files.writeString(
                    directory.resolve("config.json"), """
                        {"version":2,"backend":{"type":"registry","registry":{"scheme":"http","host":"%s","repo":"some/image","auth":"",%s}},
                        "cache":{"type":"filecache","filecache":{"work_dir":"%s"}},"rafs":{"mode":"direct","batch_size":0}}\
                        """.formatted(server, MisbehavingServer.PATIENCE, cache));
            loop = new ProcessBuilder(
                            ROOT.resolve("bin/nydusd").toString(),
                            "--respawn",
                            "--driver",
                            driver.name().toLowerCase(Locale.ROOT),
                            "--bootstrap",
                            bootstrap.toString(),
                            "--config",
                            "config.json",
                            "--mountpoint",
                            "mnt",
                            "--run-dir",
                            "run",
                            "--rlimit-nofile",
                            "0")
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("log").toFile()))
                    .start();
        }

        void awaitMount() throws Exception {
            Path mounts = Path.of("/proc/self/mounts");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (!Files.readString(mounts).contains(" " + directory.resolve("mnt") + " ")) {
                assertThat(loop.isAlive()).as(log()).isTrue();
                assertThat(System.nanoTime()).as("not mounted in time").isLessThan(end);
                Thread.sleep(20);
            }
        }

        /** Kills the daemon, not the loop that starts it again; returns whether there was one. */
        boolean kill() {
            return loop.children()
                    .filter(child -> child.info().command().orElse("").endsWith("java"))
                    .map(ProcessHandle::destroyForcibly)
                    .reduce(false, Boolean::logicalOr);
        }

        /** Unmounts until the daemon has ended: one that is just being started again may mount once more. */
        void unmount() throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            do {
                assertThat(System.nanoTime()).as(log()).isLessThan(end);
                Shell.run(directory, "umount mnt");
            } while (!loop.waitFor(1, TimeUnit.SECONDS));
            assertThat(loop.exitValue()).as(log()).isZero();
        }
    }

    private String log() throws IOException {
        return "seed " + seed + "\n" + Files.readString(directory.resolve("log"));
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
    void fuseSurvivesTheFaultsOfTheServer() throws Exception {
        readersSeeTheRightBytesAndNoError(Driver.FUSE, false);
    }

    @Test
    void fuseSurvivesKills() throws Exception {
        readersSeeTheRightBytesAndNoError(Driver.FUSE, true);
    }

    @Test
    void erofsSurvivesTheFaultsOfTheServer() throws Exception {
        ErofsCondition.requireRootAndErofs();
        readersSeeTheRightBytesAndNoError(Driver.EROFS, false);
    }

    @Test
    void erofsSurvivesKills() throws Exception {
        ErofsCondition.requireRootAndErofs();
        readersSeeTheRightBytesAndNoError(Driver.EROFS, true);
    }

    private void readersSeeTheRightBytesAndNoError(Driver driver, boolean kills) throws Exception {
        Files.createDirectory(directory.resolve("mnt"));
        int rounds = 0;
        int files = 0;
        int killed = 0;
        long worst = 0;
        double mostCover = 0;
        try (MisbehavingServer server = new MisbehavingServer();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            server.with(blob.getFileName().toString(), Files.readAllBytes(blob));
            if (kills) {
                server.delay(Duration.ofMillis(50));
            } else {
                server.misbehave(random);
            }
            long end = System.nanoTime() + (kills ? KILLS : CHAOS).toNanos();
            while (System.nanoTime() < end) {
                server.takeServedBytes();
                Path cache = directory.resolve("cache" + rounds++);
                Daemon daemon = new Daemon(driver, cache, server.host());
                daemon.awaitMount();
                List<Future<SeenTree>> readers = startReaders(threads);
                while (kills && readers.stream().anyMatch(reader -> !reader.isDone()) && System.nanoTime() < end) {
                    Thread.sleep(200 + random.nextInt(1800));
                    killed += daemon.kill() ? 1 : 0;
                }
                for (Future<SeenTree> reader : readers) {
                    SeenTree seen = reader.get();
                    assertThat(seen.wrong()).as(log()).isEmpty();
                    files += seen.files();
                    worst = Math.max(worst, seen.worstNanos());
                }
                if (!kills) {
                    mostCover = Math.max(mostCover, (double) server.takeServedBytes() / Files.size(blob));
                    assertThat(mostCover)
                            .as("how often a byte was sent; " + log())
                            .isLessThanOrEqualTo(MOST_COVER);
                }
                daemon.unmount();
                Shell.out(directory, "rm -rf \"$1\"", cache.toString());
            }
            System.out.printf(
                    "%s: %d rounds, %d files compared or verified, %d kills, %d faulty answers, bytes sent at most"
                            + " %.3f times, longest wait %d ms%n",
                    driver,
                    rounds,
                    files,
                    killed,
                    server.faultyAnswers(),
                    mostCover,
                    TimeUnit.NANOSECONDS.toMillis(worst));
            assertThat(kills ? killed : server.faultyAnswers()).isPositive();
        }
    }
}
