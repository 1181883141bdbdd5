package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.erofs.ErofsMounted;
import io.nydus4j.linux.ChildJvm;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Takes data out of the files that EROFS serves as fast as readers ask for more: the budget holds, and no reader sees a hole. The readers
 * are in a process of their own: one that waits for data of mapped memory keeps its whole Java machine waiting.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class ErofsBudgetTest {
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final long READS = SOAK ? 500_000 : 1_500;
    private static final int READERS = 4;
    private static final int SECTOR = 512;
    private static final long BUDGET = 1_600_000;
    /** All of one tree, about 600,000 bytes each. */
    private static final List<String> IMAGES =
            List.of("v6-none-4k", "v6-zstd-4k", "v6-lz4-4k", "v6-sha256", "v6-zstd-1m", "v6-batch");

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path cache;

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        cache = directory.resolve("cache");
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private StorageConfiguration configuration(Path blobs, long budget) throws IOException {
        return StorageConfiguration.parse(
                "{\"version\":2,\"id\":\"cfg-id\",\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                        + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\",\"budget\":" + budget + "}},\"rafs\":{\"mode\":\"direct\"}}");
    }

    /** A file of a mounted image, and what must be in it. */
    private record ImageFile(Path path, byte[] content) {
        /** Reads some of it, not from what the kernel still has of it in memory; returns where it is wrong, empty if nowhere. */
        Optional<String> readSome(Random random) throws IOException {
            int offset = random.nextInt(content.length);
            int length = 1 + random.nextInt(content.length - offset);
            byte[] seen = random.nextInt(4) == 0 ? mapped(offset, length) : read(offset, length);
            int wrong = Arrays.mismatch(seen, Arrays.copyOfRange(content, offset, offset + length));
            return wrong < 0 ? Optional.empty() : Optional.of(path + " at " + (offset + wrong));
        }

        private byte[] read(int offset, int length) throws IOException {
            byte[] seen = new byte[length];
            try (Descriptor file = open()) {
                file.advise(0, 0, Descriptor.Advice.DONT_NEED);
                for (int place = 0; place < length; ) {
                    int n = file.readAt(offset + place, seen, place, length - place);
                    if (n <= 0) {
                        throw new IOException(path + " ends too early");
                    }
                    place += n;
                }
            }
            return seen;
        }

        private byte[] mapped(int offset, int length) throws IOException {
            try (Descriptor file = open();
                    FileChannel channel = FileChannel.open(path);
                    Arena arena = Arena.ofConfined()) {
                file.advise(0, 0, Descriptor.Advice.DONT_NEED);
                return channel.map(MapMode.READ_ONLY, offset, length, arena).toArray(ValueLayout.JAVA_BYTE);
            }
        }

        private Descriptor open() throws IOException {
            return PosixFiles.open(
                    Descriptor.WORKING_DIRECTORY,
                    NativePath.bytes(path),
                    OpenFlags.READ_ONLY | OpenFlags.CLOSE_ON_EXEC,
                    0);
        }
    }

    private static List<ImageFile> files(Path tree, Path mounted) throws IOException {
        List<ImageFile> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(tree)) {
            for (Path file : (Iterable<Path>) all::iterator) {
                if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) && Files.size(file) > 0) {
                    files.add(new ImageFile(mounted.resolve(tree.relativize(file)), Files.readAllBytes(file)));
                }
            }
        }
        return files;
    }

    private long diskBytes() throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.list(cache)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                sum += PosixFiles.status(Descriptor.WORKING_DIRECTORY, NativePath.bytes(file))
                                .blocks()
                        * SECTOR;
            }
        }
        return sum;
    }

    /** Looks while readers are stopped, or data might go from one file to the next meanwhile. */
    private long diskBytesOfStopped(Process readers) throws Exception {
        Shell.run(directory, "kill -STOP $1", Long.toString(readers.pid()));
        try {
            long before = -1;
            long now = diskBytes();
            while (now != before) {
                Thread.sleep(10);
                before = now;
                now = diskBytes();
            }
            return now;
        } finally {
            Shell.run(directory, "kill -CONT $1", Long.toString(readers.pid()));
        }
    }

    private Process readers(Path tree, long seed) throws IOException {
        return new ProcessBuilder(ChildJvm.command(
                        ErofsBudgetTest.class,
                        tree.toString(),
                        mountPoint.toString(),
                        Long.toString(seed),
                        Long.toString(READS)))
                .redirectErrorStream(true)
                .start();
    }

    /** Reads and compares files of all images; says what was wrong. */
    public static void main(String[] args) throws Exception {
        List<ImageFile> files = new ArrayList<>();
        for (String name : IMAGES) {
            files.addAll(files(Path.of(args[0]), Path.of(args[1], name)));
        }
        AtomicLong left = new AtomicLong(Long.parseLong(args[3]));
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(READERS)) {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                Random random = new Random(Long.parseLong(args[2]) + i);
                readers.add(threads.submit(() -> {
                    while (left.getAndDecrement() > 0) {
                        files.get(random.nextInt(files.size())).readSome(random).ifPresent(wrong::add);
                    }
                    return null;
                }));
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
        }
        System.out.println(wrong.isEmpty() ? "all right" : wrong.toString());
    }

    /** All of it will never be here, so there is nothing to wait for but that nobody uses it any more. */
    @Test
    void staysAsLongAsItsMountIsUsed() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Path blobs = image.copyBlobs(directory.resolve("blobs"));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar -xpf \"$1\"", image.archivePath().toString());
        NydusDaemon daemon = NydusDaemon.start(DaemonOptions.builder(
                        mountPoint, new ImageSource(image.bootstrap(), configuration(blobs, 300_000), Optional.empty()))
                .driver(Driver.AUTO)
                .runFolder(directory.resolve("run"))
                .build());
        assertThat(daemon.isServedByKernel()).isTrue();
        Process user = new ProcessBuilder("bash", "-c", "cd mnt/sizes; echo in; read; cat * | sha256sum")
                .directory(directory.toFile())
                .start();
        assertThat(user.getInputStream().read()).isEqualTo('i');
        Thread closer = Thread.ofVirtual().start(() -> {
            try {
                daemon.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(closer.join(Duration.ofMillis(500))).isFalse();
        user.getOutputStream().close();
        assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(Shell.out(tree, "cd sizes; cat * | sha256sum").strip());
        closer.join();
        assertThat(ErofsMounted.isMounted(mountPoint)).isFalse();
    }

    @Test
    void readersNeverSeeWhatWasTakenAway() throws Exception {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(
                tree,
                "tar -xpf \"$1\"",
                Golden.of(IMAGES.getFirst()).archivePath().toString());
        DaemonOptions options = DaemonOptions.builder(mountPoint)
                .driver(Driver.EROFS)
                .runFolder(directory.resolve("run"))
                .apiSocket(directory.resolve("api"))
                .build();
        try (NydusDaemon daemon = NydusDaemon.start(options)) {
            assertThat(daemon.isServedByKernel()).isTrue();
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            for (String name : IMAGES) {
                Golden image = Golden.of(name);
                Path blobs = image.copyBlobs(directory.resolve("blobs-" + name));
                String configuration = configuration(blobs, BUDGET).toJson();
                client.mount("/" + name, image.request(configuration));
            }
            long seed = System.nanoTime();
            long most = 0;
            Process readers = readers(tree, seed);
            while (readers.isAlive()) {
                most = Math.max(most, diskBytesOfStopped(readers));
                readers.waitFor(200, TimeUnit.MILLISECONDS);
            }
            assertThat(new String(readers.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .as("seed " + seed)
                    .isEqualTo("all right\n");
            long fetched = 0;
            for (String name : IMAGES) {
                fetched += client.backendMetrics(Optional.of("/" + name)).readAmount();
            }
            System.out.printf("budget %d, most used %d, %d reads, %d bytes fetched%n", BUDGET, most, READS, fetched);
            assertThat(most).as("bytes on the disk").isLessThanOrEqualTo(BUDGET);
            assertThat(fetched).as("fetched again and again").isGreaterThan(BUDGET);
            assertThat(client.info().backends().orElseThrow().values())
                    .allSatisfy(mount -> assertThat(mount.blobs().values()).containsOnly("lazy"));
        }
    }
}
