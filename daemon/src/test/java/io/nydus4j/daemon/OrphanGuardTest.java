package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.storage.Awaits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kills daemons together with who holds their readers back: a third process has the readers wait, and fail if nobody follows. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class OrphanGuardTest {
    private static final Duration SHORT = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofMinutes(10);
    private static final int ROUNDS = Boolean.getBoolean("nydus4j.soak") ? 60 : 3;
    private static final String FILE = "sizes/noise-40000";

    @TempDir
    Path directory;

    private RemoteImage image;
    private Optional<Path> store = Optional.empty();
    private final CountDownLatch served = new CountDownLatch(1);

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        Files.createDirectory(directory.resolve("mnt"));
        image = RemoteImage.of(Golden.of("v6-zstd-4k"), directory);
    }

    @AfterEach
    void cleanUp() throws Exception {
        ErofsProcess.cleanUp(directory);
        served.countDown();
        if (image != null) {
            image.close();
        }
    }

    private ErofsProcess started(Duration patience) throws Exception {
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                image.configuration(directory.resolve("cache"), 0).toJson());
        ErofsProcess daemon =
                new ErofsProcess(directory, image.bootstrap(), configuration, store, Optional.of(patience));
        daemon.awaitReady();
        return daemon;
    }

    private String log() throws IOException {
        Path said = directory.resolve("run/guard.log");
        return ErofsProcess.log(directory) + (Files.exists(said) ? Files.readString(said) : "");
    }

    /** Starts to read a file that the server does not give out, and returns when it was asked for it. */
    private Process waiting() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        image.server().answer((request, answer) -> {
            asked.countDown();
            try {
                served.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            image.server().serveBlob(request, answer);
        });
        Process reader = new ProcessBuilder("cat", "mnt/" + FILE)
                .directory(directory.toFile())
                .redirectOutput(directory.resolve("seen").toFile())
                .redirectError(directory.resolve("err").toFile())
                .start();
        asked.await();
        return reader;
    }

    private void killWithHolder(ErofsProcess daemon) throws Exception {
        daemon.kill();
        ErofsProcess.kill(directory, "holder.json"); // before, the daemon would start another one
    }

    private void assertFails(Process reader) throws Exception {
        assertThat(reader.waitFor(60, TimeUnit.SECONDS)).as(log()).isTrue();
        assertThat(Files.readString(directory.resolve("err"))).endsWith("Input/output error\n");
        assertThat(directory.resolve("seen")).isEmptyFile();
    }

    private void assertAllAsItWas() throws IOException {
        assertThat(SeenTree.readAll(image.tree(), directory.resolve("mnt"), 1).wrong())
                .as(log())
                .isEmpty();
    }

    private void awaitNoGuard() throws InterruptedException {
        Awaits.until(() -> !Files.exists(directory.resolve("run/guard.json"))
                && processes().isEmpty());
    }

    /** Returns the processes that were started for the run folder, and their children. */
    private List<ProcessHandle> processes() {
        String run = directory.resolve("run").toString();
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).contains(run))
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    private static String commandLine(ProcessHandle process) {
        try {
            return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return "";
        }
    }

    private long guard() {
        try {
            return ErofsProcess.idIn(directory, "guard.json").orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMountThatNobodyFollowsGoesAndItsReadersFail(boolean shared) throws Exception {
        store = shared ? Optional.of(directory.resolve("store")) : Optional.empty();
        ErofsProcess daemon = started(SHORT);
        Process reader = waiting();
        killWithHolder(daemon);
        assertThat(reader.isAlive()).isTrue();
        assertFails(reader);
        assertThat(daemon.isMounted()).isFalse();
        awaitNoGuard();
        for (String file : List.of("erofs.json", "erofs.journal", "holder.json")) {
            assertThat(directory.resolve("run").resolve(file)).doesNotExist();
        }
        assertThat(log()).contains("nobody followed the daemon of " + directory.resolve("mnt"));

        served.countDown();
        ErofsProcess next = started(SHORT);
        assertAllAsItWas();
        next.unmount();
        awaitNoGuard();
    }

    @Test
    void aFileThatIsOpenFailsUntilADaemonComesAfterAll() throws Exception {
        ErofsProcess daemon = started(SHORT);
        Process user = new ProcessBuilder(
                        "bash",
                        "-c",
                        "exec 3< mnt/" + FILE + "; while echo; read -r out; do cat <&3 > $out 2> $out.err; done")
                .directory(directory.toFile())
                .start();
        user.getInputStream().read();
        Process reader = waiting();
        killWithHolder(daemon);
        assertFails(reader);
        tell(user, "first");
        assertThat(Files.readString(directory.resolve("first.err"))).endsWith("Input/output error\n");
        assertThat(directory.resolve("first")).isEmptyFile();
        assertThat(daemon.isMounted()).isFalse();

        served.countDown();
        ErofsProcess next = started(LONG);
        assertAllAsItWas();
        tell(user, "second");
        assertThat(directory.resolve("second"))
                .hasSameBinaryContentAs(image.tree().resolve(FILE));
        user.getOutputStream().close();
        user.waitFor();
        next.unmount();
        awaitNoGuard();
    }

    private static void tell(Process user, String word) throws IOException {
        user.getOutputStream().write((word + "\n").getBytes(StandardCharsets.US_ASCII));
        user.getOutputStream().flush();
        user.getInputStream().read();
    }

    @Test
    void aDaemonThatComesInTimeTakesTheReadersOfTheGuard() throws Exception {
        ErofsProcess daemon = started(LONG);
        Process reader = waiting();
        killWithHolder(daemon);
        long guard = guard();
        Awaits.until(() -> ProcessHandle.of(guard).orElseThrow().children().count() == 1); // it sleeps
        List<ProcessHandle> old = ProcessHandle.of(guard).stream()
                .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
                .toList();
        served.countDown();
        ErofsProcess next = started(LONG);
        assertThat(reader.waitFor(60, TimeUnit.SECONDS)).as(log()).isTrue();
        assertThat(directory.resolve("err")).isEmptyFile();
        assertThat(directory.resolve("seen"))
                .hasSameBinaryContentAs(image.tree().resolve(FILE));
        assertAllAsItWas();
        assertThat(guard()).isNotEqualTo(guard);
        Awaits.until(() -> old.stream().noneMatch(ProcessHandle::isAlive));
        next.unmount();
        awaitNoGuard();
    }

    /** The next daemon comes while the guard still waits, starts to work, works, or has ended. */
    @Test
    void readersSeeNothingWrongWheneverTheNextDaemonComes() throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        image.server().answer((request, answer) -> {
            pause(20 + random.nextInt(100));
            image.server().serveBlob(request, answer);
        });
        ErofsProcess daemon = started(SHORT);
        for (int round = 0; round < ROUNDS; round++) {
            Path mounted = directory.resolve("mnt");
            try (ExecutorService readers = Executors.newSingleThreadExecutor()) {
                Future<SeenTree> reader = readers.submit(() -> SeenTree.readAll(image.tree(), mounted, seed));
                pause(random.nextInt(500));
                killWithHolder(daemon);
                pause(random.nextInt(3000));
                daemon = started(SHORT);
                assertThat(reader.get().wrong())
                        .as("seed " + seed + ", round " + round + "\n" + log())
                        .noneMatch(wrong -> wrong.endsWith("differs"));
            }
            assertAllAsItWas();
            daemon.unmount();
            Shell.out(directory, "rm -r cache");
            daemon = started(SHORT);
        }
        daemon.unmount();
        awaitNoGuard();
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void aGuardThatDiesIsFollowedByAnother() throws Exception {
        ErofsProcess daemon = started(SHORT);
        long first = guard();
        ErofsProcess.kill(directory, "guard.json");
        Awaits.until(() -> guard() != first);
        Process reader = waiting();
        killWithHolder(daemon);
        assertFails(reader);
        awaitNoGuard();
    }

    @Test
    void aMountThatIsCompleteStaysWithoutAProcess() throws Exception {
        ErofsProcess daemon = started(SHORT);
        assertAllAsItWas();
        Path state = directory.resolve("run/erofs.json");
        Awaits.until(() -> text(state).matches("(?s).*\"complete\": *\\[[0-9].*"));
        killWithHolder(daemon);
        awaitNoGuard();
        assertThat(daemon.isMounted()).as(log()).isTrue();
        assertAllAsItWas();

        ErofsProcess next = started(SHORT);
        assertAllAsItWas();
        next.unmount();
        assertThat(next.isMounted()).isFalse();
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** An unmount would take that away, not the mount below it. */
    @Test
    void whatSomebodyElseMountedOnTopStays() throws Exception {
        ErofsProcess daemon = started(SHORT);
        Process reader = waiting();
        killWithHolder(daemon);
        Shell.out(directory, "mount -t tmpfs none mnt; echo > mnt/own");
        assertFails(reader);
        assertThat(directory.resolve("mnt/own")).exists();
        assertThat(ProcessHandle.of(guard())).isPresent();
        Shell.out(directory, "umount mnt; cat mnt/" + FILE + " 2> err || umount mnt");
        assertThat(Files.readString(directory.resolve("err"))).endsWith("Input/output error\n");
        awaitNoGuard();
    }
}
