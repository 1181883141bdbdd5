package io.nydus4j.daemon.upgrade;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.http.HttpExchange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Daemons that are killed or replaced while others read what they serve. */
@Timeout(value = 12, unit = TimeUnit.MINUTES)
class ContinuityTest {
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final int KILLS = 20;
    /** What is promised is 100; a machine that is busy with other things adds to that. */
    private static final int WORST_STALL_MILLIS = 2000;

    private static final long SOAK_NANOS = TimeUnit.MINUTES.toNanos(10);

    @TempDir
    Path directory;

    private Path golden;
    private Path tree;
    private DaemonProcess daemon;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeImage() throws Exception {
        golden = Path.of(System.getProperty("nydus4j.testdata"), "golden");
        Files.createDirectory(directory.resolve("mnt"));
        Files.createDirectory(directory.resolve("cache"));
        Shell.out(
                directory,
                "mkdir blobs && cp \"$1\"/[0-9a-f]* blobs",
                golden.resolve("v6-zstd-4k").toString());
        tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar -xf \"$1\"", golden.resolve("full.tar").toString());
        Files.writeString(directory.resolve("config.json"), """
            {"version":2,"id":"c","backend":{"type":"localfs","localfs":{"dir":"%s/blobs"}},
             "cache":{"type":"filecache","filecache":{"work_dir":"%s/cache"}},"rafs":{"mode":"direct"}}
            """.formatted(directory, directory));
        daemon = start("a");
        daemon.await("RUNNING");
    }

    private DaemonProcess start(String socket, String... upgrade) throws IOException {
        return DaemonProcess.start(directory, socket, golden.resolve("v6-zstd-4k/boot"), "/img", upgrade);
    }

    @AfterEach
    void leaveNothing() throws Exception {
        daemon.kill();
        HandOver left = HandOver.in(RunFolder.open(directory.resolve("run")), Map.of());
        left.take().ifPresent(inheritance -> {
            try {
                inheritance.device().close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        left.forget();
        Shell.unmountBelow(directory);
    }

    private Path image() {
        return directory.resolve("mnt/img");
    }

    private String holder() throws IOException {
        String text = Files.readString(directory.resolve("run/holder.json"));
        return text.replaceAll(".*\"pid\":([0-9]+).*", "$1");
    }

    @Test
    void killedDaemonsAreFollowedByOthersAndReadersNoticeNothing() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        long end = System.nanoTime() + SOAK_NANOS;
        int kills = 0;
        int takenOver = 0;
        try (Readers readers = Readers.start(image(), tree, seed)) {
            while (SOAK ? System.nanoTime() - end < 0 : kills < KILLS) {
                if (kills % 4 != 0) {
                    daemon.await("RUNNING"); // the others may be at any point of their start
                }
                Thread.sleep(200 + random.nextInt(1801));
                takenOver += daemon.state().equals("RUNNING") ? 1 : 0;
                daemon.kill();
                kills++;
                daemon = start("a");
            }
            daemon.await("RUNNING");
            Thread.sleep(500);
            readers.stop();
            System.out.printf(
                    "%d kills, %d of daemons that served already, %d operations, worst stall %d ms, seed %d%n",
                    kills, takenOver, readers.operations(), readers.worstMillis(), seed);
            assertThat(readers.problems()).as("seed " + seed).isEmpty();
        }
        ProcessMark holder = ProcessMark.of(Long.parseLong(holder()));
        assertThat(daemon.terminate()).isIn(0, 143);
        assertThat(Shell.run(directory, "grep -F \" $1/mnt \" /proc/self/mounts", directory.toString())
                        .code())
                .isNotZero();
        Thread.sleep(300);
        assertThat(holder.isAlive()).as("the holder ends with the mount").isFalse();
    }

    @Test
    void aHolderThatIsKilledIsReplaced() throws Exception {
        String first = holder();
        Shell.out(directory, "kill -9 \"$1\"", first);
        for (int i = 0; i < 100 && holder().equals(first); i++) {
            Thread.sleep(50);
        }
        assertThat(holder()).isNotEqualTo(first);
        daemon.kill();
        daemon = start("a");
        assertThat(Shell.out(directory, "timeout 30 sha256sum <mnt/img/sizes/noise-40000"))
                .isEqualTo(Shell.out(directory, "sha256sum <tree/sizes/noise-40000"));
    }

    @Test
    void plannedUpgradesUnderLoadStallNobody() throws Exception {
        try (Readers readers = Readers.start(image(), tree, 1)) {
            long worst = 0;
            for (int round = 0; round < 3; round++) {
                DaemonProcess next = start("b" + round, "upgrade");
                next.await("INIT");
                put(daemon, "fuse/sendfd");
                put(next, "fuse/takeover");
                assertThat(next.state()).isEqualTo("READY");
                Thread.sleep(500);
                readers.resetWorst();
                put(daemon, "exit");
                put(next, "start");
                assertThat(daemon.waitFor()).isZero();
                daemon = next;
                Thread.sleep(500);
                System.out.printf("planned upgrade: worst stall %d ms%n", readers.worstMillis());
                worst = Math.max(worst, readers.worstMillis());
            }
            readers.stop();
            assertThat(readers.problems()).isEmpty();
            assertThat(readers.operations()).isPositive();
            assertThat(worst).as("milliseconds").isLessThan(WORST_STALL_MILLIS);
        }
    }

    /** A folder with a budget belongs to one process, but for the time of an upgrade. */
    @Test
    void cachesWithABudgetAreTakenOver() throws Exception {
        assertThat(daemon.terminate()).isIn(0, 143);
        Path config = directory.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("/cache\"", "/cache\",\"budget\":300000"));
        daemon = start("a");
        daemon.await("RUNNING");
        String sums = "cd $1 && find . -type f -print0 | sort -z | timeout 30 xargs -0r sha256sum";
        String tree = Shell.out(directory, sums, "tree");
        assertThat(Shell.out(directory, sums, "mnt/img")).isEqualTo(tree);
        DaemonProcess next = start("b", "upgrade");
        next.await("INIT");
        put(daemon, "fuse/sendfd");
        put(next, "fuse/takeover");
        put(daemon, "exit");
        put(next, "start");
        assertThat(daemon.waitFor()).isZero();
        daemon = next;
        assertThat(Shell.out(directory, sums, "mnt/img")).isEqualTo(tree);
        daemon.kill();
        daemon = start("a");
        assertThat(Shell.out(directory, sums, "mnt/img")).isEqualTo(tree);
    }

    private static void put(DaemonProcess daemon, String what) throws IOException {
        HttpExchange exchange = HttpExchange.send(
                daemon.socket(),
                ("PUT /api/v1/daemon/" + what + " HTTP/1.1\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        assertThat(exchange.status()).as(what + exchange.body()).isEqualTo(204);
    }
}
