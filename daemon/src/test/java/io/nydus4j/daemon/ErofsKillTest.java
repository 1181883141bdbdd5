package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills daemons under readers of images that the kernel serves: they wait for the next daemon, and never see anything but the right bytes. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ErofsKillTest {
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final int KILLS = 20;
    private static final Duration MOST = SOAK ? Duration.ofMinutes(10) : Duration.ofSeconds(45);
    private static final int READERS = 4;

    @TempDir
    Path directory;

    private Path mountPoint;
    private RemoteImage image;
    /** Where images share their files; empty if they do not. */
    private Optional<Path> store = Optional.empty();
    /** Whether there is a guard, which waits for so long; all who hold readers back but it are killed then. */
    private Optional<Duration> orphanPatience = Optional.empty();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        image = RemoteImage.of(Golden.of("v6-zstd-4k"), directory);
    }

    @AfterEach
    void cleanUp() throws Exception {
        ErofsProcess.cleanUp(directory);
        if (image != null) {
            image.close();
        }
    }

    private Path configuration() throws IOException {
        return configuration(directory.resolve("cache"), 0);
    }

    private Path configuration(Path cache, long budget) throws IOException {
        return Files.writeString(
                directory.resolve("config.json"),
                image.configuration(cache, budget).toJson());
    }

    private ErofsProcess daemon(Path configuration) throws IOException {
        return new ErofsProcess(directory, image.bootstrap(), configuration, store, orphanPatience);
    }

    /** Waits until a daemon serves, but for every fourth, which dies some time on its way there. */
    private void awaitBeginning(ErofsProcess daemon) throws Exception {
        if (random.nextInt(4) == 0) {
            sleep(random.nextInt(1500));
        } else {
            daemon.awaitReady();
        }
    }

    private String log() throws IOException {
        return ErofsProcess.log(directory);
    }

    private SeenTree readAll(long order) throws IOException {
        return SeenTree.readAll(image.tree(), mountPoint, order);
    }

    @Test
    void readersWaitForTheNextDaemon() throws Exception {
        killDaemons(KILLS, 0, false);
    }

    /** The successor does not know who of its predecessor's readers has read, so it must keep what they were let through to. */
    @Test
    void readersWaitForTheNextDaemonWhileDataIsTakenAway() throws Exception {
        killDaemons(KILLS / 2, 400_000, false);
    }

    @Test
    void readersOfSharedFilesWaitForTheNextDaemon() throws Exception {
        killDaemons(KILLS / 2, 0, true);
    }

    /** Nobody has the group then but the guard; whoever comes has it held again before it ends that one. */
    @Test
    void readersWaitForTheNextDaemonWithTheirGuard() throws Exception {
        orphanPatience = Optional.of(Duration.ofHours(1));
        killDaemons(KILLS, 0, false);
    }

    private void killDaemons(int wanted, long budget, boolean shared) throws Exception {
        int kills = 0;
        int rounds = 0;
        int files = 0;
        long worst = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < MOST.toNanos() && (SOAK || kills < wanted)) {
            Path cache = directory.resolve("cache" + rounds++);
            store = shared ? Optional.of(directory.resolve("store" + rounds)) : Optional.empty();
            Path configuration = configuration(cache, budget);
            image.server().answer((request, answer) -> {
                sleep(60 + random.nextInt(140));
                image.server().serveBlob(request, answer);
            });
            ErofsProcess daemon = daemon(configuration);
            daemon.awaitMount();
            try (ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
                List<Future<SeenTree>> all = new ArrayList<>();
                for (int i = 0; i < READERS; i++) {
                    long order = random.nextLong();
                    all.add(readers.submit(() -> readAll(order)));
                }
                while (all.stream().anyMatch(reader -> !reader.isDone())) {
                    awaitBeginning(daemon);
                    sleep(SOAK ? 200 + random.nextInt(1800) : 100 + random.nextInt(500));
                    if (kills >= wanted && !SOAK || System.nanoTime() - start > MOST.toNanos()) {
                        continue; // they may finish now
                    }
                    if (all.stream().allMatch(Future::isDone)) {
                        break;
                    }
                    daemon.kill();
                    if (orphanPatience.isPresent()) {
                        ErofsProcess.kill(directory, "holder.json");
                    }
                    kills++;
                    daemon = daemon(configuration);
                }
                for (Future<SeenTree> reader : all) {
                    SeenTree seen = reader.get();
                    assertThat(seen.wrong()).as("seed " + seed + "\n" + log()).isEmpty();
                    files += seen.files();
                    worst = Math.max(worst, seen.worstNanos());
                }
            }
            daemon.awaitReady(); // one that is just starting would mount again
            daemon.unmount();
        }
        System.out.printf(
                "%d kills in %d rounds, %d files read and compared, worst stall %d ms%n",
                kills, rounds, files, TimeUnit.NANOSECONDS.toMillis(worst));
        assertThat(kills).isPositive();
    }

    /** The holder still has the marks of a mount that is gone, so the next daemon is asked about what it opens itself. */
    @Test
    void mountsAnewWhatWasUnmountedWhileNobodyServed() throws Exception {
        Path configuration = configuration();
        started(configuration).kill();
        Shell.out(directory, "umount mnt");
        ErofsProcess next = started(configuration);
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
        next.unmount();
    }

    private long holder() throws IOException {
        return ErofsProcess.idIn(directory, "holder.json").orElseThrow();
    }

    private ErofsProcess started(Path configuration) throws Exception {
        ErofsProcess daemon = daemon(configuration);
        daemon.awaitReady();
        return daemon;
    }

    @Test
    void aHolderThatDiesIsFollowedByAnother() throws Exception {
        Path configuration = configuration();
        ErofsProcess daemon = started(configuration);
        long first = holder();
        ProcessHandle.of(first).orElseThrow().destroyForcibly();
        for (int i = 0; i < 500 && holder() == first; i++) {
            sleep(10);
        }
        assertThat(holder()).as(log()).isNotEqualTo(first);
        daemon.kill();
        try (ExecutorService readers = Executors.newSingleThreadExecutor()) {
            Future<SeenTree> reader = readers.submit(() -> readAll(seed));
            sleep(300);
            assertThat(reader.isDone()).isFalse();
            ErofsProcess next = started(configuration);
            assertThat(reader.get().wrong()).as(log()).isEmpty();
            next.unmount();
        }
    }

    /** A successor was not there when its mounts were made, and must still tell them from others. */
    @Test
    void aSuccessorEndsWithItsMountsThoughOthersAreInUse() throws Exception {
        Path configuration = configuration();
        Path other = Files.createDirectory(directory.resolve("other"));
        ImageSource same = new ImageSource(
                image.bootstrap(), image.configuration(directory.resolve("cache2"), 0), Optional.empty());
        try (NydusDaemon bystander = NydusDaemon.start(DaemonOptions.builder(other, same)
                .driver(Driver.EROFS)
                .runFolder(directory.resolve("run2"))
                .build())) {
            assertThat(bystander.isServedByKernel()).isTrue();
            started(configuration).kill();
            ErofsProcess next = started(configuration);
            assertThat(readAll(seed).wrong()).as(log()).isEmpty();
            next.unmount();
        }
    }

    /** What was taken out of sight while it is in use is nowhere in the mount table. */
    @Test
    void aSuccessorServesWhatIsUsedButCannotBeSeen() throws Exception {
        Path configuration = configuration();
        ErofsProcess daemon = started(configuration);
        Process user = new ProcessBuilder("bash", "-c", "cd mnt/sizes; echo in; read; cat * | sha256sum")
                .directory(directory.toFile())
                .start();
        assertThat(user.getInputStream().read()).isEqualTo('i');
        Shell.out(directory, "umount -l mnt");
        daemon.kill();
        ErofsProcess next = started(configuration);
        assertThat(readAll(seed).wrong()).as("mounted anew: " + log()).isEmpty();
        user.getOutputStream().close();
        assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(
                        Shell.out(directory, "cd tree/sizes; cat * | sha256sum").strip());
        user.waitFor();
        next.unmount();
    }

    /** Has a daemon serve a second image, on a directory of the first one, from a cache of its own. */
    private void mountSecond() throws IOException {
        client().mount(
                        "/sizes",
                        new MountRequest(
                                image.bootstrap().toString(),
                                "rafs",
                                image.configuration(directory.resolve("cache2"), 0)
                                        .toJson(),
                                Optional.empty()));
    }

    private DaemonClient client() {
        return new DaemonClient(directory.resolve("api"));
    }

    private void assertBothServed() throws Exception {
        assertThat(Shell.out(directory, "grep -c \"$PWD/mnt\" /proc/self/mounts"))
                .isEqualTo("2\n");
        Shell.out(
                directory, "cmp mnt/sizes/sizes/noise-40000 tree/sizes/noise-40000; cmp mnt/dup/three tree/dup/three");
        client().unmount("/sizes");
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
    }

    @Test
    void aDaemonThatIsToldToLeaveIsFollowed() throws Exception {
        Path configuration = configuration();
        ErofsProcess daemon = started(configuration);
        mountSecond();
        client().exit();
        assertThat(daemon.awaitEnd()).as(log()).isZero();
        ErofsProcess next = started(configuration);
        assertBothServed();
        next.unmount();
    }

    @Test
    void aDaemonThatCannotTakeAllOverLeavesAllToTheNext() throws Exception {
        Path configuration = configuration();
        ErofsProcess daemon = started(configuration);
        mountSecond();
        daemon.kill();
        Shell.out(directory, "mv cache2 away; touch cache2");
        assertThat(daemon(configuration).awaitEnd()).as(log()).isEqualTo(1);
        Shell.out(directory, "rm cache2; mv away cache2");
        ErofsProcess next = started(configuration);
        assertBothServed();
        next.unmount();
    }

    /** Nobody holds readers back then, so what they see may be zeros; the next daemon puts a sound mount in the place of the other. */
    @Test
    void mountsAnewWhenTheHolderDiesWithTheDaemon() throws Exception {
        Path configuration = configuration();
        ErofsProcess daemon = started(configuration);
        long holder = holder();
        daemon.kill();
        ProcessHandle.of(holder).orElseThrow().destroyForcibly();
        Shell.out(directory, "cat mnt/sizes/noise-40000 > seen");
        assertThat(Files.readAllBytes(directory.resolve("seen"))).containsOnly(0);
        ErofsProcess next = started(configuration);
        assertThat(log()).contains("lost its daemon and its holder: it is mounted anew");
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
        next.unmount();
    }

    /** Nobody holds readers back then: what they open has holes. What they had opened before is whole. */
    @Test
    void mountsSharedFilesAnewWhenTheHolderDiesWithTheDaemon() throws Exception {
        store = Optional.of(directory.resolve("store"));
        Path configuration = configuration();
        ErofsProcess daemon = started(configuration);
        Shell.out(directory, "cmp mnt/sizes/noise-40000 tree/sizes/noise-40000");
        long holder = holder();
        daemon.kill();
        ProcessHandle.of(holder).orElseThrow().destroyForcibly();
        ErofsProcess next = started(configuration);
        assertThat(log()).contains("lost its daemon and its holder: it is mounted anew");
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
        next.unmount();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
