package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.http.FaultyServer;
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
import java.util.stream.Stream;
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
    private Path bootstrap;
    private FaultyServer server;
    /** Where images share their files; empty if they do not. */
    private Optional<Path> store = Optional.empty();

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Golden image = Golden.of("v6-zstd-4k");
        bootstrap = image.bootstrap();
        server = FaultyServer.start();
        try (Stream<Path> files = Files.list(image.copyBlobs(directory.resolve("blobs")))) {
            for (Path blob : files.toList()) {
                server.with(blob.getFileName().toString(), Files.readAllBytes(blob));
            }
        }
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar --numeric-owner -xpf \"$1\"", image.archivePath().toString());
    }

    @AfterEach
    void cleanUp() throws Exception {
        Shell.run(directory, "while umount -l mnt 2>/dev/null; do :; done");
        releaseReaders();
        if (server != null) {
            server.close();
        }
    }

    /** Ends who holds the group, so that no reader waits any more. */
    private void releaseReaders() throws IOException {
        Path file = directory.resolve("run/holder.json");
        if (Files.exists(file)) {
            ProcessHandle.of(
                            JsonValue.parse(Files.readAllBytes(file)).get("pid").number())
                    .ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    private StorageConfiguration configuration(Path cache) throws IOException {
        return configuration(cache, 0);
    }

    private StorageConfiguration configuration(Path cache, long budget) throws IOException {
        return StorageConfiguration.parse(
                "{\"version\":2,\"id\":\"i\",\"backend\":{\"type\":\"http-proxy\",\"http-proxy\":{\"addr\":\""
                        + server.address() + "\",\"path\":\"blobs\",\"timeout\":30,\"connect_timeout\":5}},"
                        + "\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\",\"budget\":" + budget + "}},\"rafs\":{\"mode\":\"direct\",\"batch_size\":0}}");
    }

    /** A daemon in a process of its own; what it needs is in a file. */
    private final class Daemon {
        private final Process process;

        Daemon(Path configuration) throws IOException {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xshare:auto",
                    "--enable-native-access=ALL-UNNAMED",
                    "-cp",
                    System.getProperty("java.class.path"),
                    ErofsKillTest.class.getName(),
                    mountPoint.toString(),
                    bootstrap.toString(),
                    configuration.toString(),
                    directory.resolve("run").toString()));
            store.ifPresent(place -> command.add(place.toString()));
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(
                            directory.resolve("log").toFile()))
                    .start();
        }

        void awaitMount() throws Exception {
            Path mounts = Path.of("/proc/self/mounts");
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!Files.readString(mounts).contains(mountPoint + (store.isPresent() ? " overlay" : " erofs"))) {
                assertThat(process.isAlive()).as(log()).isTrue();
                assertThat(System.nanoTime()).as("not mounted in time").isLessThan(end);
                Thread.sleep(5);
            }
        }

        /** Waits until it serves, but for every fourth, which dies some time on its way there. */
        void awaitBeginning() throws Exception {
            if (random.nextInt(4) == 0) {
                sleep(random.nextInt(1500));
            } else {
                awaitReady();
            }
        }

        void awaitReady() throws Exception {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (!Files.exists(directory.resolve("run/ready-" + process.pid()))) {
                assertThat(process.isAlive()).as(log()).isTrue();
                assertThat(System.nanoTime()).as("not ready in time").isLessThan(end);
                sleep(5);
            }
        }

        void kill() throws InterruptedException {
            process.destroyForcibly();
            process.waitFor();
        }
    }

    /** Runs a daemon until its mount is gone. */
    public static void main(String[] args) throws IOException, InterruptedException {
        ImageSource image =
                new ImageSource(Path.of(args[1]), StorageConfiguration.load(Path.of(args[2])), Optional.empty());
        DaemonOptions.Builder options = DaemonOptions.builder(Path.of(args[0]), image)
                .driver(Driver.EROFS)
                .runFolder(Path.of(args[3]));
        if (args.length > 4) {
            options.objectStore(Path.of(args[4]));
        }
        int code;
        try (NydusDaemon daemon = NydusDaemon.start(options.build())) {
            Files.createFile(
                    Path.of(args[3]).resolve("ready-" + ProcessHandle.current().pid()));
            code = daemon.await().exitCode();
        }
        System.exit(code);
    }

    private String log() throws IOException {
        Path log = directory.resolve("log");
        return Files.exists(log) ? Files.readString(log) : "no log";
    }

    private SeenTree readAll(long order) throws IOException {
        return SeenTree.readAll(directory.resolve("tree"), mountPoint, order);
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

    private void killDaemons(int wanted, long budget, boolean shared) throws Exception {
        int kills = 0;
        int rounds = 0;
        int files = 0;
        long worst = 0;
        long start = System.nanoTime();
        while (System.nanoTime() - start < MOST.toNanos() && (SOAK || kills < wanted)) {
            Path cache = directory.resolve("cache" + rounds++);
            store = shared ? Optional.of(directory.resolve("store" + rounds)) : Optional.empty();
            Path configuration = Files.writeString(
                    directory.resolve("config.json"),
                    configuration(cache, budget).toJson());
            server.answer((request, answer) -> {
                sleep(60 + random.nextInt(140));
                server.serveBlob(request, answer);
            });
            Daemon daemon = new Daemon(configuration);
            daemon.awaitMount();
            try (ExecutorService readers = Executors.newFixedThreadPool(READERS)) {
                List<Future<SeenTree>> all = new ArrayList<>();
                for (int i = 0; i < READERS; i++) {
                    long order = random.nextLong();
                    all.add(readers.submit(() -> readAll(order)));
                }
                while (all.stream().anyMatch(reader -> !reader.isDone())) {
                    daemon.awaitBeginning();
                    sleep(SOAK ? 200 + random.nextInt(1800) : 100 + random.nextInt(500));
                    if (kills >= wanted && !SOAK || System.nanoTime() - start > MOST.toNanos()) {
                        continue; // they may finish now
                    }
                    if (all.stream().allMatch(Future::isDone)) {
                        break;
                    }
                    daemon.kill();
                    kills++;
                    daemon = new Daemon(configuration);
                }
                for (Future<SeenTree> reader : all) {
                    SeenTree seen = reader.get();
                    assertThat(seen.wrong()).as("seed " + seed + "\n" + log()).isEmpty();
                    files += seen.files();
                    worst = Math.max(worst, seen.worstNanos());
                }
            }
            daemon.awaitReady(); // one that is just starting would mount again
            Shell.out(directory, "umount mnt");
            assertThat(daemon.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
            assertThat(daemon.process.exitValue()).as(log()).isZero();
        }
        System.out.printf(
                "%d kills in %d rounds, %d files read and compared, worst stall %d ms%n",
                kills, rounds, files, TimeUnit.NANOSECONDS.toMillis(worst));
        assertThat(kills).isPositive();
    }

    /** The holder still has the marks of a mount that is gone, so the next daemon is asked about what it opens itself. */
    @Test
    void mountsAnewWhatWasUnmountedWhileNobodyServed() throws Exception {
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                configuration(directory.resolve("cache")).toJson());
        started(configuration).kill();
        Shell.out(directory, "umount mnt");
        Daemon next = started(configuration);
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
        Shell.out(directory, "umount mnt");
        assertThat(next.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
        assertThat(next.process.exitValue()).as(log()).isZero();
    }

    private long holder() throws IOException {
        return JsonValue.parse(Files.readAllBytes(directory.resolve("run/holder.json")))
                .get("pid")
                .number();
    }

    private Daemon started(Path configuration) throws Exception {
        Daemon daemon = new Daemon(configuration);
        daemon.awaitReady();
        return daemon;
    }

    @Test
    void aHolderThatDiesIsFollowedByAnother() throws Exception {
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                configuration(directory.resolve("cache")).toJson());
        Daemon daemon = started(configuration);
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
            Daemon next = started(configuration);
            assertThat(reader.get().wrong()).as(log()).isEmpty();
            Shell.out(directory, "umount mnt");
            assertThat(next.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
        }
    }

    /** A successor was not there when its mounts were made, and must still tell them from others. */
    @Test
    void aSuccessorEndsWithItsMountsThoughOthersAreInUse() throws Exception {
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                configuration(directory.resolve("cache")).toJson());
        Path other = Files.createDirectory(directory.resolve("other"));
        ImageSource image = new ImageSource(bootstrap, configuration(directory.resolve("cache2")), Optional.empty());
        try (NydusDaemon bystander = NydusDaemon.start(DaemonOptions.builder(other, image)
                .driver(Driver.EROFS)
                .runFolder(directory.resolve("run2"))
                .build())) {
            assertThat(bystander.isServedByKernel()).isTrue();
            started(configuration).kill();
            Daemon next = started(configuration);
            assertThat(readAll(seed).wrong()).as(log()).isEmpty();
            Shell.out(directory, "umount mnt");
            assertThat(next.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
            assertThat(next.process.exitValue()).as(log()).isZero();
        }
    }

    /** What was taken out of sight while it is in use is nowhere in the mount table. */
    @Test
    void aSuccessorServesWhatIsUsedButCannotBeSeen() throws Exception {
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                configuration(directory.resolve("cache")).toJson());
        Daemon daemon = started(configuration);
        Process user = new ProcessBuilder("bash", "-c", "cd mnt/sizes; echo in; read; cat * | sha256sum")
                .directory(directory.toFile())
                .start();
        assertThat(user.getInputStream().read()).isEqualTo('i');
        Shell.out(directory, "umount -l mnt");
        daemon.kill();
        Daemon next = started(configuration);
        assertThat(readAll(seed).wrong()).as("mounted anew: " + log()).isEmpty();
        user.getOutputStream().close();
        assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(
                        Shell.out(directory, "cd tree/sizes; cat * | sha256sum").strip());
        user.waitFor();
        Shell.out(directory, "umount mnt");
        assertThat(next.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
        assertThat(next.process.exitValue()).as(log()).isZero();
    }

    /** Nobody holds readers back then, so what they see may be zeros; the next daemon puts a sound mount in the place of the other. */
    @Test
    void mountsAnewWhenTheHolderDiesWithTheDaemon() throws Exception {
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                configuration(directory.resolve("cache")).toJson());
        Daemon daemon = started(configuration);
        long holder = holder();
        daemon.kill();
        ProcessHandle.of(holder).orElseThrow().destroyForcibly();
        Shell.out(directory, "cat mnt/sizes/noise-40000 > seen");
        assertThat(Files.readAllBytes(directory.resolve("seen"))).containsOnly(0);
        Daemon next = started(configuration);
        assertThat(log()).contains("lost its daemon and its holder: it is mounted anew");
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
        Shell.out(directory, "umount mnt");
        assertThat(next.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
    }

    /** Nobody holds readers back then: what they open has holes. What they had opened before is whole. */
    @Test
    void mountsSharedFilesAnewWhenTheHolderDiesWithTheDaemon() throws Exception {
        store = Optional.of(directory.resolve("store"));
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                configuration(directory.resolve("cache")).toJson());
        Daemon daemon = started(configuration);
        Shell.out(directory, "cmp mnt/sizes/noise-40000 tree/sizes/noise-40000");
        long holder = holder();
        daemon.kill();
        ProcessHandle.of(holder).orElseThrow().destroyForcibly();
        Daemon next = started(configuration);
        assertThat(log()).contains("lost its daemon and its holder: it is mounted anew");
        assertThat(readAll(seed).wrong()).as(log()).isEmpty();
        Shell.out(directory, "umount mnt");
        assertThat(next.process.waitFor(30, TimeUnit.SECONDS)).as(log()).isTrue();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
