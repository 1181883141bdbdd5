package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.Awaits;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Other processes, kills and full disks: whatever happens, a reader gets the right bytes or an error. */
final class FaultsTest {
    private static final String IMAGE = "v6-zstd-4k";
    private static final int KILLS = Boolean.getBoolean("nydus4j.soak") ? 1000 : 20;

    private static final GoldenTree TREE = GoldenTree.full();

    private static Path blobs;

    @TempDir
    Path temporary;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    /** Reads every file; errors count, wrong bytes fail. */
    private static int readAll(Path source, Path work) throws IOException {
        int errors = 0;
        try (Bootstrap bootstrap = GoldenBlobs.load(IMAGE);
                BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(source, work))) {
            for (Map.Entry<String, Inode> file : GoldenBlobs.files(bootstrap).entrySet()) {
                try {
                    TREE.assertReads(device, file.getKey(), file.getValue());
                } catch (IOException e) {
                    errors++;
                }
            }
        }
        return errors;
    }

    private static void awaitStart(Process process) throws IOException {
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        assertThat(output.readLine()).isEqualTo("started");
    }

    @Test
    void processesShareOneCache() throws Exception {
        Path work = temporary.resolve("cache");
        List<Process> processes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            processes.add(CacheReader.start(IMAGE, blobs, work, i, 0));
        }
        assertThat(readAll(blobs, work)).isZero();
        for (Process process : processes) {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }
        // All is there: nothing is asked of the blob any more, whose content is gone.
        assertThat(readAll(emptyBlobs(), work)).isZero();
    }

    private Path emptyBlobs() throws IOException {
        Path empty = Files.createDirectories(temporary.resolve("empty"));
        try (Bootstrap bootstrap = GoldenBlobs.load(IMAGE)) {
            Path file = empty.resolve(bootstrap.blobs().getFirst().effectiveId());
            if (!Files.exists(file)) {
                Files.createFile(file);
            }
        }
        return empty;
    }

    @Test
    void killedProcessesLeaveACacheThatIsRight() throws Exception {
        long seed = 31_337;
        Random random = new Random(seed);
        int caches = 0;
        for (int round = 0; round < KILLS; round++) {
            Path work = temporary.resolve("cache-" + caches);
            Process process = CacheReader.start(IMAGE, blobs, work, seed + round, 1);
            awaitStart(process);
            Thread.sleep(random.nextInt(400));
            process.destroyForcibly().waitFor();
            // What the map says is there must be there: without the blob's content nothing else can be read.
            int missing = readAll(emptyBlobs(), work);
            if (missing == 0 || round % 5 == 4 || round == KILLS - 1) {
                assertThat(readAll(blobs, work))
                        .as("seed " + seed + " round " + round)
                        .isZero();
                caches++;
            }
        }
    }

    /** Writes to the files of a complete cache, and reads all of it. */
    private void assertReadsAllAfter(String suffix, UnaryOperator<byte[]> change) throws IOException {
        Path work = temporary.resolve("changed");
        assertThat(readAll(blobs, work)).isZero();
        Path file;
        try (Bootstrap bootstrap = GoldenBlobs.load(IMAGE)) {
            file = work.resolve(bootstrap.blobs().getFirst().effectiveId() + suffix);
        }
        Path replaced = work.resolve("replaced");
        Files.write(replaced, change.apply(Files.readAllBytes(file)));
        Files.move(replaced, file, StandardCopyOption.REPLACE_EXISTING);
        assertThat(readAll(blobs, work)).isZero();
    }

    @Test
    void chunkMapOfAnotherBlobIsNotBelieved() throws IOException {
        assertReadsAllAfter(".blob.data", bytes -> new byte[bytes.length]);
        assertReadsAllAfter(".blob.data.chunk_map", bytes -> {
            byte[] other = bytes.clone();
            new Random(3).nextBytes(other);
            System.arraycopy(bytes, 0, other, 0, 4096);
            return other;
        });
    }

    @Test
    void dataFileOfAnotherBlobIsNotBelieved() throws IOException {
        assertReadsAllAfter(".blob.data", bytes -> {
            new Random(4).nextBytes(bytes);
            return bytes;
        });
    }

    @Test
    void dataFileThatWasCutIsFilledAgain() throws IOException {
        assertReadsAllAfter(".blob.data", bytes -> Arrays.copyOf(bytes, bytes.length / 3));
        assertReadsAllAfter(".blob.data", bytes -> new byte[0]);
    }

    @Test
    void flippedBitsAreFound() throws IOException {
        assertReadsAllAfter(".blob.data", bytes -> {
            Random random = new Random(6);
            for (int i = 0; i < 300; i++) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            return bytes;
        });
    }

    @Test
    void fullDiskIsNoErrorToWhoCopies() throws Exception {
        Path work = smallDisk("400k");
        try {
            assertThat(readAll(blobs, work.resolve("cache"))).isZero();
            assertThat(readAll(blobs, work.resolve("cache"))).isZero();
            assertThat(run("mount", "-o", "remount,size=8m", work.toString())).isTrue();
            assertThat(readAll(blobs, work.resolve("cache"))).isZero();
        } finally {
            run("umount", work.toString());
        }
    }

    @Test
    void diskWithoutRoomForAChunkMapIsAnErrorAtOnce() throws Exception {
        Path work = smallDisk("4k");
        try (Bootstrap bootstrap = GoldenBlobs.load("v5-lz4-4k")) {
            assertThatThrownBy(() -> BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work))
                            .close())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("ENOSPC");
        } finally {
            run("umount", work.toString());
        }
    }

    @Test
    void readerGoesOnWhenTheDiskHasRoomAgain() throws Exception {
        Path work = smallDisk("400k");
        try (Bootstrap bootstrap = GoldenBlobs.load(IMAGE);
                BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work.resolve("cache")))) {
            LazyBlob blob = device.blob(0);
            assertThatThrownBy(() -> blob.ensure(0, blob.size()).close()).isInstanceOf(IOException.class);
            assertThat(run("mount", "-o", "remount,size=8m", work.toString())).isTrue();
            blob.ensure(0, blob.size()).close();
            Awaits.until(blob::isComplete);
        } finally {
            run("umount", work.toString());
        }
    }

    @Test
    void readerWaitsForRoomOnTheDisk() throws Exception {
        Path work = smallDisk("400k");
        try (Bootstrap bootstrap = GoldenBlobs.load(IMAGE);
                BlobDevice device =
                        BlobDevice.open(bootstrap, TestStores.waitingForRoom(blobs, work.resolve("cache"), 60));
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            LazyBlob blob = device.blob(0);
            Future<?> reader = threads.submit(() -> {
                blob.ensure(0, blob.size()).close();
                return null;
            });
            assertWaitsForRoom(reader, work);
            Awaits.until(blob::isComplete);
        } finally {
            run("umount", work.toString());
        }
    }

    @Test
    void nothingIsFetchedTwiceThoughThereWasNoRoomForWhatWasFetchedAhead() throws Exception {
        Path work = smallDisk("360k");
        TestBackend backend = new TestBackend(blobs);
        StorageConfiguration patient = TestStores.waitingForRoom(blobs, work.resolve("cache"), 60);
        try (Bootstrap bootstrap = GoldenBlobs.load("v5-none-sha256");
                BlobDevice device = BlobDevice.open(bootstrap, patient, backend);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            LazyBlob blob = device.blob(0);
            backend.forget();
            Future<?> reader = threads.submit(() -> {
                for (long at = 0; at < blob.size(); at += 4096) {
                    blob.ensure(at, Math.min(4096, blob.size() - at)).close();
                }
                return null;
            });
            assertWaitsForRoom(reader, work);
            Awaits.until(blob::isComplete);
            assertThat(backend.requests().stream()
                            .mapToLong(TestBackend.Request::length)
                            .sum())
                    .isLessThanOrEqualTo(blob.info().compressedSize());
        } finally {
            run("umount", work.toString());
        }
    }

    private static void assertWaitsForRoom(Future<?> reader, Path disk) throws Exception {
        Thread.sleep(300);
        assertThat(reader.isDone()).isFalse();
        assertThat(run("mount", "-o", "remount,size=8m", disk.toString())).isTrue();
        reader.get();
    }

    /** Mounts a disk of a size, as tmpfs has it; the test takes it away. */
    private Path smallDisk(String size) throws IOException, InterruptedException {
        Path disk = Files.createDirectory(temporary.resolve("small"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", disk.toString()),
                "mounting a small disk needs root");
        return disk;
    }

    private static boolean run(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
