package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.cache.DigestlessBlob;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache under a budget: it holds, and no reader notices. */
final class BudgetTest {
    private static final boolean SOAK = Boolean.getBoolean("nydus4j.soak");
    private static final long SECONDS = SOAK ? 600 : 5;
    private static final int PATIENCE_SECONDS = 60;
    private static final int SECTOR = 512;
    private static final int READERS = 4;
    /** Some twice: two stores over one file. */
    private static final List<String> IMAGES = Stream.concat(
                    GoldenImage.OF_FULL.stream(), Stream.of("v6-none-4k", "v5-none-sha256"))
            .toList();

    private static final GoldenTree TREE = GoldenTree.full();

    private static Path blobs;

    @TempDir
    Path temporary;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    private Path work() {
        return temporary.resolve("cache");
    }

    private StorageConfiguration budget(long bytes) {
        return TestStores.budget(blobs, work(), bytes);
    }

    private long diskBytes() throws IOException {
        long sum = 0;
        try (Stream<Path> files = Files.list(work())) {
            for (Path file : (Iterable<Path>) files::iterator) {
                sum += PosixFiles.status(Descriptor.WORKING_DIRECTORY, NativePath.bytes(file))
                                .blocks()
                        * SECTOR;
            }
        }
        return sum;
    }

    /** One file of one image. */
    private record ImageFile(BlobDevice device, Inode inode, String name, byte[] content) {
        void readSome(Random random) throws IOException {
            if (content.length == 0) {
                return;
            }
            int offset = random.nextInt(content.length);
            int length = 1 + random.nextInt(Math.min(content.length - offset, 32 << 10));
            ByteBuffer target = ByteBuffer.allocate(length);
            device.read(inode, offset, target);
            assertThat(target.array())
                    .as(name + " from " + offset)
                    .isEqualTo(Arrays.copyOfRange(content, offset, offset + length));
        }
    }

    /** The machine crashed when the disk had the hole where a chunk was taken away, and not yet the chunk map without it. */
    @Test
    void chunkThatNothingCanBeComparedWithIsFetchedAgainByTheNextProcess() throws IOException {
        Path folder = Files.createDirectories(temporary.resolve("plain"));
        DigestlessBlob blob = new DigestlessBlob(folder);
        for (int i = 0; i < 2; i++) {
            blob.assertReads(TestStores.budget(folder, work(), 1 << 20));
            Files.write(work().resolve(DigestlessBlob.ID + ".blob.data"), new byte[DigestlessBlob.SIZE]);
        }
    }

    @Test
    void twentyImagesLiveWithinATenthOfTheirSize() throws Exception {
        List<Bootstrap> bootstraps = new ArrayList<>();
        List<BlobDevice> devices = new ArrayList<>();
        try (ExecutorService threads = Executors.newCachedThreadPool()) {
            long size = 0;
            for (String image : IMAGES) {
                Bootstrap bootstrap = GoldenBlobs.load(image);
                bootstraps.add(bootstrap);
                size += bootstrap.blobs().getFirst().uncompressedSize();
            }
            long budget = size / 10;
            List<ImageFile> files = new ArrayList<>();
            for (int i = 0; i < IMAGES.size(); i++) {
                BlobDevice device = BlobDevice.open(bootstraps.get(i), budget(budget), new TestBackend(blobs));
                devices.add(device);
                String image = IMAGES.get(i);
                GoldenBlobs.files(bootstraps.get(i)).forEach((path, inode) -> {
                    byte[] content = TREE.files().get(path);
                    if (content != null) {
                        files.add(new ImageFile(device, inode, image + path, content));
                    }
                });
            }
            AtomicBoolean stop = new AtomicBoolean();
            AtomicLong reads = new AtomicLong();
            ReadWriteLock reading = new ReentrantReadWriteLock(true);
            long seed = 20;
            List<Future<?>> readers = new ArrayList<>();
            for (int t = 0; t < READERS; t++) {
                Random random = new Random(seed + t);
                readers.add(threads.submit(() -> {
                    while (!stop.get()) {
                        reading.readLock().lock();
                        try {
                            files.get(random.nextInt(files.size())).readSome(random);
                        } finally {
                            reading.readLock().unlock();
                        }
                        reads.incrementAndGet();
                    }
                    return null;
                }));
            }
            long most = 0;
            long start = System.nanoTime();
            // On a busy machine it takes longer until enough has come and gone.
            while (readers.stream().noneMatch(Future::isDone)
                    && (System.nanoTime() - start < TimeUnit.SECONDS.toNanos(SECONDS)
                            || fetchedBytes(devices) <= size
                                    && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS))) {
                // Files are looked at one after the other, so data must not go from one to the next meanwhile.
                reading.writeLock().lock();
                try {
                    most = Math.max(most, diskBytes());
                } finally {
                    reading.writeLock().unlock();
                }
                Thread.sleep(20);
            }
            stop.set(true);
            for (Future<?> reader : readers) {
                reader.get();
            }
            long fetched = fetchedBytes(devices);
            if (SOAK) {
                System.out.printf(
                        "budget %d of %d bytes, most used %d, %d reads, %d bytes fetched%n",
                        budget, size, most, reads.get(), fetched);
            }
            assertThat(fetched).as("fetched again and again").isGreaterThan(size);
            assertThat(most).as("bytes on the disk").isLessThanOrEqualTo(budget);
            assertThat(reads.get()).isGreaterThan(200);
        } finally {
            devices.forEach(BlobDevice::close);
            bootstraps.forEach(Bootstrap::close);
        }
    }

    private static long fetchedBytes(List<BlobDevice> devices) {
        return devices.stream()
                .mapToLong(device -> device.store().cacheCounters().fetchedBytes())
                .sum();
    }

    @Test
    void whatIsPinnedStaysAndWhatIsNotGoes() throws Exception {
        try (Bootstrap one = GoldenBlobs.load("v6-lz4-4k");
                Bootstrap two = GoldenBlobs.load("v6-none-4k")) {
            TestBackend backend = new TestBackend(blobs);
            try (BlobDevice first = BlobDevice.open(one, budget(1_000_000), backend);
                    BlobDevice second = BlobDevice.open(two, budget(1_000_000), backend)) {
                LazyBlob pinned = first.blob(0);
                LazyBlob other = second.blob(0);
                try (Pin _ = pinned.ensure(0, 100_000)) {
                    byte[] held = Arrays.copyOf(mapped(pinned, 100_000), 100_000);
                    readTwice(other);
                    backend.forget();
                    pinned.ensure(0, 100_000).close();
                    assertThat(backend.requests()).as("fetches of what is held").isEmpty();
                    assertThat(mapped(pinned, 100_000)).isEqualTo(held);
                }
                assertThat(pinned.isReady(0, 1)).as("without a pin").isFalse();
                assertThat(pinned.file()).as("for who pins").isPresent();
                readTwice(other);
                backend.forget();
                pinned.ensure(0, 100_000).close();
                assertThat(backend.requests())
                        .as("fetches of what was taken away")
                        .isNotEmpty();
            }
        }
    }

    private static void readTwice(LazyBlob blob) throws IOException {
        for (int i = 0; i < 2; i++) {
            for (int offset = 0; offset + 50_000 < blob.size(); offset += 50_000) {
                blob.ensure(offset, 50_000).close();
            }
        }
    }

    private static byte[] mapped(LazyBlob blob, int length) {
        return blob.mapping().orElseThrow().asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void blobsThatNobodyUsesGoFirst() throws Exception {
        for (String image : List.of("v6-none-4k", "v6-lz4-4k")) {
            try (Bootstrap bootstrap = GoldenBlobs.load(image);
                    BlobDevice device = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work()))) {
                device.blob(0).read(0, ByteBuffer.allocate((int) device.blob(0).size()));
            }
        }
        long before = diskBytes();
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k");
                BlobDevice device = BlobDevice.open(bootstrap, budget(before + 100_000), new TestBackend(blobs))) {
            LazyBlob blob = device.blob(0);
            blob.read(0, ByteBuffer.allocate((int) blob.size()));
            assertThat(diskBytes()).isLessThanOrEqualTo(before + 100_000);
            try (Stream<Path> files = Files.list(work())) {
                assertThat(files.filter(file -> file.toString().endsWith(".blob.data")))
                        .hasSizeLessThan(3)
                        .anyMatch(file -> file.toString().contains(blob.info().effectiveId()));
            }
        }
    }

    @Test
    void budgetIsSharedWithinAProcess() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k")) {
            try (BlobDevice _ = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work()))) {
                assertThatThrownBy(() ->
                                BlobDevice.open(bootstrap, budget(1 << 20)).close())
                        .hasMessageContaining("in use without a budget");
            }
            try (BlobDevice device = BlobDevice.open(bootstrap, budget(1 << 20));
                    BlobDevice other = BlobDevice.open(bootstrap, TestStores.inFiles(blobs, work()))) {
                other.blob(0).read(0, ByteBuffer.allocate(1000));
                assertThat(other.blob(0).evicts()).isTrue();
                device.blob(0).read(0, ByteBuffer.allocate(1000));
            }
        }
    }

    @Test
    void folderWithABudgetBelongsToOneProcess() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k")) {
            Process owner = CacheReader.start("v6-none-4k", blobs, work(), 1, 100, 500_000);
            try {
                assertThat(owner.getInputStream().read()).isPositive();
                assertThatThrownBy(() -> BlobDevice.open(bootstrap, budget(500_000), new TestBackend(blobs)))
                        .hasMessageContaining(work() + " is in use by another process");
                assertThatThrownBy(() -> BlobDevice.open(bootstrap, budget(0), new TestBackend(blobs)))
                        .hasMessageContaining(work() + " belongs to another process");
            } finally {
                owner.destroyForcibly();
            }
            // It need not have ended yet.
            BlobDevice.open(bootstrap, budget(500_000), new TestBackend(blobs)).close();
        }
    }

    @Test
    void folderWithoutABudgetIsSharedButGetsNone() throws Exception {
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k")) {
            Process other = CacheReader.start("v6-none-4k", blobs, work(), 1, 100);
            try {
                assertThat(other.getInputStream().read()).isPositive();
                BlobDevice.open(bootstrap, budget(0), new TestBackend(blobs)).close();
                assertThatThrownBy(() -> BlobDevice.open(bootstrap, budget(500_000), new TestBackend(blobs)))
                        .hasMessageContaining(work() + " is in use by another process");
            } finally {
                other.destroyForcibly().waitFor();
            }
        }
    }

    /** As during an upgrade. */
    @Test
    void nothingGoesWhileTheFolderIsTakenOver() throws Exception {
        CacheSurroundings guest = new CacheSurroundings(Optional.empty(), true);
        Process owner = CacheReader.start("v6-none-4k", blobs, work(), 1, 100, 500_000);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-none-4k")) {
            assertThat(owner.getInputStream().read()).isPositive();
            try (BlobDevice device = BlobDevice.open(bootstrap, budget(500_000), new TestBackend(blobs), guest)) {
                LazyBlob blob = device.blob(0);
                blob.read(0, ByteBuffer.allocate((int) blob.size()));
                assertThat(diskBytes()).as("beside the owner").isGreaterThan(blob.size());
                owner.destroyForcibly().waitFor();
                blob.read(0, ByteBuffer.allocate(10));
                try (Bootstrap more = GoldenBlobs.load("v6-lz4-4k");
                        BlobDevice second = BlobDevice.open(more, budget(500_000), new TestBackend(blobs))) {
                    second.blob(0).read(0, ByteBuffer.allocate(1000));
                }
                assertThat(diskBytes()).as("as the owner").isLessThanOrEqualTo(500_000);
            }
        } finally {
            owner.destroyForcibly().waitFor();
        }
    }

    @Test
    void budgetForStoredBytesIsRefused() throws Exception {
        CacheConfiguration cache = TestStores.cache(
                FileCacheSettings.in(work().toString()).withBudget(1), true, false, PrefetchConfiguration.ABSENT);
        try (Bootstrap bootstrap = GoldenBlobs.load("v6-zstd-4k")) {
            assertThatThrownBy(() -> BlobDevice.open(bootstrap, TestStores.of(blobs, cache))
                            .close())
                    .hasMessageContaining("a cache of stored bytes cannot have a budget");
        }
    }
}
