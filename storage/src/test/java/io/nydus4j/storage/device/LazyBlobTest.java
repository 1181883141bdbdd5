package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.sun.management.ThreadMXBean;
import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.Awaits;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.cache.BlobOpener;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What lazy blobs promise when many ask at once, when backends fail or lie, and when cache files are damaged. */
final class LazyBlobTest {
    private static final String IMAGE = "v6-zstd-4k";

    private static Path blobs;
    private static byte[] plain;

    @TempDir
    Path temporary;

    private Path work;
    private Bootstrap bootstrap;
    private TestBackend backend;

    @BeforeAll
    static void readEverythingOnce(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
        // The independent truth of the address space is the archive: files laid out where the image says.
        GoldenTree tree = GoldenTree.full();
        try (Bootstrap image = GoldenBlobs.load(IMAGE)) {
            plain = new byte[(int) image.blobs().getFirst().uncompressedSize()];
            for (Map.Entry<String, Inode> file : GoldenBlobs.files(image).entrySet()) {
                byte[] content = tree.files().get(file.getKey());
                Inode inode = file.getValue();
                for (int i = 0; i < inode.chunkCount(); i++) {
                    System.arraycopy(
                            content,
                            (int) inode.chunkFileOffset(i),
                            plain,
                            (int) inode.chunkBlobOffset(i),
                            inode.chunkLength(i));
                }
            }
        }
    }

    @BeforeEach
    void open() throws IOException {
        work = temporary.resolve("cache");
        bootstrap = GoldenBlobs.load(IMAGE);
        backend = new TestBackend(blobs);
    }

    @AfterEach
    void close() {
        bootstrap.close();
    }

    private BlobDevice device() throws IOException {
        return device(TestStores.inFiles(blobs, work));
    }

    private BlobDevice device(StorageConfiguration configuration) throws IOException {
        BlobDevice device = BlobDevice.open(bootstrap, configuration, backend);
        backend.forget();
        return device;
    }

    private static byte[] read(LazyBlob blob, long offset, int length) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(length);
        blob.read(offset, target);
        return target.array();
    }

    private static byte[] expected(long offset, int length) {
        byte[] bytes = new byte[length];
        System.arraycopy(plain, (int) offset, bytes, 0, length);
        return bytes;
    }

    private Path cacheFile(String suffix) {
        return work.resolve(bootstrap.blobs().getFirst().effectiveId() + suffix);
    }

    @Test
    void manyReadersOfOneRangeCauseOneRequest() throws Exception {
        try (BlobDevice device = device();
                ExecutorService threads = Executors.newFixedThreadPool(32)) {
            LazyBlob blob = device.blob(0);
            CountDownLatch all = new CountDownLatch(32);
            backend.behave((request, answer) -> pause(100));
            List<Future<byte[]>> results = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                results.add(threads.submit(() -> {
                    all.countDown();
                    all.await();
                    return read(blob, 40_000, 20_000);
                }));
            }
            for (Future<byte[]> result : results) {
                assertThat(result.get()).isEqualTo(expected(40_000, 20_000));
            }
            assertThat(backend.requests()).hasSize(1);
            CacheCounters.Snapshot counted = device.store().cacheCounters().snapshot();
            assertThat(counted.total()).isEqualTo(32);
            assertThat(counted.partialHits())
                    .as("of those that fetched nothing")
                    .isEqualTo(31);
        }
    }

    private static void pause(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    @Test
    void whoReadsOnThroughWhatIsReadyNeverComesToWhatIsNot() throws Exception {
        int page = 4096;
        assertThat(plain.length).as("more than is made ready ahead at first").isGreaterThan(600 << 10);
        try (BlobDevice device = device()) {
            read(device.blob(0), 0, plain.length);
        }
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0); // everything is there, and is checked before its first use
            blob.ensure(0, page).close();
            blob.ensure(page, page).close();
            for (int offset = 2 * page; offset < plain.length; offset += page) {
                int start = offset;
                int length = Math.min(page, plain.length - start);
                Awaits.until(() -> blob.isReady(start, length));
                blob.readOn(start);
            }
        }
        assertThat(backend.requests()).isEmpty();
    }

    @Test
    void readersOfOtherRangesDoNotWait() throws Exception {
        try (BlobDevice device = device();
                ExecutorService threads = Executors.newCachedThreadPool()) {
            LazyBlob blob = device.blob(0);
            read(blob, 1_300_000, 4096);
            CountDownLatch release = new CountDownLatch(1);
            backend.behave((request, answer) -> {
                try {
                    release.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            });
            Future<byte[]> slow = threads.submit(() -> read(blob, 0, 4096));
            while (backend.requests().size() < 2) {
                Thread.sleep(1);
            }
            assertThat(read(blob, 1_300_000, 4096)).isEqualTo(expected(1_300_000, 4096));
            assertThat(slow.isDone()).isFalse();
            release.countDown();
            assertThat(slow.get()).isEqualTo(expected(0, 4096));
        }
    }

    @Test
    void isReadyTellsWhatWasFetchedAndNeverBlocks() throws Exception {
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            assertThat(blob.isReady(0, 1)).isFalse();
            backend.behave((request, answer) -> {
                throw new IOException("must not be asked");
            });
            assertThat(blob.isReady(0, blob.size())).isFalse();
            assertThat(blob.isReady(0, 0)).isTrue();
            assertThat(blob.isReady(-1, 1)).isFalse();
            assertThat(blob.isReady(blob.size(), 1)).isFalse();
            assertThat(blob.isReady(Long.MAX_VALUE, Long.MAX_VALUE)).isFalse();
            backend.behave((request, answer) -> {});
            try (Pin _ = blob.ensure(0, blob.size())) {
                assertThat(blob.isReady(0, blob.size())).isTrue();
                Awaits.until(blob::isComplete);
                MemorySegment mapping = blob.mapping().orElseThrow();
                assertThat(mapping.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(plain);
            }
        }
    }

    @Test
    void rangesOutsideTheBlobAreRefused() throws IOException {
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            for (long[] range : new long[][] {
                {-1, 1}, {blob.size(), 1}, {0, blob.size() + 1}, {Long.MAX_VALUE, 1}, {1, Long.MAX_VALUE}
            }) {
                assertThatThrownBy(() -> blob.ensure(range[0], range[1]).close())
                        .as(range[0] + "+" + range[1])
                        .isInstanceOf(RafsFormatException.class);
            }
        }
    }

    @Test
    void failedRequestLeavesNothingReadyAndNextReaderTriesAgain() throws IOException {
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, answer) -> {
                throw new BackendException("test", "read", "out of order", true);
            });
            assertThatThrownBy(() -> read(blob, 0, 10)).isInstanceOf(BackendException.class);
            assertThat(blob.isReady(0, 1)).isFalse();
            assertThat(Files.readAllBytes(cacheFile(".blob.data.chunk_map"))).endsWith(new byte[48]);
            backend.behave((request, answer) -> {});
            assertThat(read(blob, 0, 10)).isEqualTo(expected(0, 10));
        }
    }

    @Test
    void failureWakesEveryoneWhoWaits() throws Exception {
        try (BlobDevice device = device();
                ExecutorService threads = Executors.newFixedThreadPool(16)) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, answer) -> {
                pause(50);
                throw new BackendException("test", "read", "out of order", true);
            });
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                results.add(threads.submit(() -> read(blob, 0, 10)));
            }
            for (Future<?> result : results) {
                Throwable failure = catchThrowable(() -> result.get(5, TimeUnit.SECONDS));
                assertThat(failure).hasCauseInstanceOf(BackendException.class);
            }
        }
    }

    @Test
    void shortAnswerIsAnErrorForWhatIsMissingOnly() throws IOException {
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            // The blob was cut: nothing is there from byte 20000 on.
            backend.behave(
                    (request, answer) -> answer.limit((int) Math.clamp(20_000 - request.offset(), 0L, answer.limit())));
            assertThat(read(blob, 0, 4096)).isEqualTo(expected(0, 4096));
            assertThatThrownBy(() -> read(blob, blob.size() - 4096, 10))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("ends after");
        }
    }

    @Test
    void wrongBytesAreNeverDelivered() throws IOException {
        // Whatever a backend does to its answer, a reader gets the right bytes or an error.
        long seed = 20_260_101;
        Random random = new Random(seed);
        for (int round = 0; round < 40; round++) {
            work = temporary.resolve("lying-" + round);
            backend.behave((request, answer) -> {});
            try (BlobDevice device = device()) {
                LazyBlob blob = device.blob(0);
                backend.behave((request, answer) -> {
                    for (int i = 0; i < 3; i++) {
                        int at = random.nextInt(answer.limit());
                        answer.put(at, (byte) (answer.get(at) ^ 1 << random.nextInt(8)));
                    }
                });
                int failures = 0;
                for (int i = 0; i < 20; i++) {
                    int offset = random.nextInt(plain.length - 5000);
                    try {
                        assertThat(read(blob, offset, 5000))
                                .as("seed " + seed + " round " + round + " offset " + offset)
                                .isEqualTo(expected(offset, 5000));
                    } catch (BlobDigestException | RafsFormatException e) {
                        failures++;
                    }
                }
                assertReadyBytesAreRight(blob);
                backend.behave((request, answer) -> {});
                assertThat(read(blob, 0, plain.length)).as("after " + failures).isEqualTo(plain);
            }
        }
    }

    @Test
    void bytesThatCameDamagedAreAskedForAgain() throws IOException {
        AtomicInteger lies = new AtomicInteger(2);
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, answer) -> {
                if (lies.getAndDecrement() > 0) {
                    for (int i = 0; i < answer.limit(); i += 100) {
                        answer.put(i, (byte) ~answer.get(i));
                    }
                }
            });
            assertThat(read(blob, 0, 5000)).isEqualTo(expected(0, 5000));
        }
    }

    private static void assertReadyBytesAreRight(LazyBlob blob) {
        MemorySegment mapping = blob.mapping().orElseThrow();
        for (int page = 0; page < plain.length; page += 4096) {
            if (blob.isReady(page, 4096)) {
                assertThat(mapping.asSlice(page, 4096).toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(expected(page, 4096));
            }
        }
    }

    @Test
    void anotherBlobsBytesAreADigestError() throws IOException {
        bootstrap.close();
        bootstrap = GoldenBlobs.load("v6-none-4k");
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, answer) -> answer.put(100, (byte) ~answer.get(100)));
            assertThatThrownBy(() -> read(blob, 0, 10)).isInstanceOf(BlobDigestException.class);
            assertThat(blob.isReady(0, 1)).isFalse();
            // Only the chunk with the wrong byte is missing.
            assertThat(blob.isReady(8192, 1)).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void damagedCacheIsFoundAndFetchedAgain(boolean compressed) throws IOException {
        StorageConfiguration configuration =
                TestStores.of(blobs, work, compressed, false, 0, PrefetchConfiguration.ABSENT);
        try (BlobDevice device = device(configuration)) {
            read(device.blob(0), 0, plain.length);
        }
        Path file = cacheFile(compressed ? ".blob.raw" : ".blob.data");
        Random random = new Random(7);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.READ)) {
            for (int i = 0; i < 200; i++) {
                long at = random.nextLong(channel.size());
                ByteBuffer one = ByteBuffer.allocate(1);
                channel.read(one, at);
                one.put(0, (byte) (one.get(0) ^ 0x10)).flip();
                channel.write(one, at);
            }
        }
        try (BlobDevice device = device(configuration)) {
            assertThat(read(device.blob(0), 0, plain.length)).isEqualTo(plain);
            assertThat(backend.requests()).isNotEmpty();
        }
        backend.forget();
        try (BlobDevice device = device(configuration)) {
            assertThat(read(device.blob(0), 0, plain.length)).isEqualTo(plain);
            assertThat(backend.requests()).isEmpty();
        }
    }

    @Test
    void dataWrittenWithoutItsBitIsFetchedAgain() throws IOException {
        // What a kill between the two leaves behind, and the other way round what a crash of the machine may.
        try (BlobDevice device = device()) {
            read(device.blob(0), 0, plain.length);
        }
        Path map = cacheFile(".blob.data.chunk_map");
        byte[] bits = Files.readAllBytes(map);
        bits[12] = bits[13] = bits[14] = bits[15] = 0;
        bits[4096] = 0x0F;
        Files.write(map, bits);
        Path data = cacheFile(".blob.data");
        byte[] content = Files.readAllBytes(data);
        java.util.Arrays.fill(content, 100_000, 300_000, (byte) 0);
        Files.write(data, content);
        try (BlobDevice device = device()) {
            assertThat(read(device.blob(0), 0, plain.length)).isEqualTo(plain);
        }
    }

    /** A chunk map for them would take 128 MiB of the disk, whatever the blob has. */
    @Test
    void blobOfMoreChunksThanThereCanBeIsRefused() throws IOException {
        BlobInfo blob = BlobInfo.builder()
                .id(bootstrap.blobs().getFirst().effectiveId())
                .chunkCount(1 << 30)
                .build();
        try (BlobOpener opener = BlobOpener.of(
                TestStores.inFiles(blobs, work), backend, new CacheCounters(""), CacheSurroundings.NONE)) {
            assertThatThrownBy(() -> opener.open(blob, List::of))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("has 1073741824 chunks");
        }
        assertThat(cacheFile(".blob.data.chunk_map")).doesNotExist();
    }

    @Test
    void cacheFileThatIsTooLongIsRefused() throws IOException {
        try (BlobDevice _ = device()) {
            // Makes the files.
        }
        Files.write(cacheFile(".blob.data"), new byte[1], StandardOpenOption.APPEND);
        assertThatThrownBy(this::device)
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("size doesn't match");
    }

    @Test
    void cacheFileThatIsTooShortIsFilledAgain() throws IOException {
        try (BlobDevice device = device()) {
            read(device.blob(0), 0, plain.length);
        }
        try (FileChannel channel = FileChannel.open(cacheFile(".blob.data"), StandardOpenOption.WRITE)) {
            channel.truncate(70_000);
        }
        try (BlobDevice device = device()) {
            assertThat(read(device.blob(0), 0, plain.length)).isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {".blob.data.chunk_map", ".blob.meta"})
    void fileOfAnotherLengthIsRefused(String suffix) throws IOException {
        try (BlobDevice _ = device()) {
            // Makes the files.
        }
        Files.write(cacheFile(suffix), new byte[100]);
        assertThatThrownBy(this::device).isInstanceOf(RafsFormatException.class).hasMessageContaining(suffix);
    }

    @Test
    void damagedChunkInformationIsFetchedAgain() throws IOException {
        try (BlobDevice _ = device()) {
            // Makes the files.
        }
        Path meta = cacheFile(".blob.meta");
        byte[] right = Files.readAllBytes(meta);
        for (int at : new int[] {1, 2 * 16 + 6, 200 * 16, right.length - 4096, right.length - 1, right.length - 4070}) {
            byte[] damaged = right.clone();
            damaged[at] ^= 0x20;
            Files.write(meta, damaged);
            try (BlobDevice device = device()) {
                assertThat(read(device.blob(0), 0, plain.length))
                        .as("byte " + at)
                        .isEqualTo(plain);
            }
        }
    }

    @Test
    void randomReadsAreThoseOfTheTree() throws Exception {
        long seed = 99;
        try (BlobDevice device = device();
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            LazyBlob blob = device.blob(0);
            List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                Random random = new Random(seed + t);
                results.add(threads.submit(() -> {
                    for (int i = 0; i < 300; i++) {
                        int length = 1 + random.nextInt(random.nextBoolean() ? 100 : 50_000);
                        int offset = random.nextInt(plain.length - length);
                        assertThat(read(blob, offset, length))
                                .as("seed " + seed)
                                .isEqualTo(expected(offset, length));
                    }
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }

    @Test
    void randomFailuresNeverGiveWrongBytes() throws Exception {
        long seed = 4711;
        AtomicInteger failures = new AtomicInteger();
        Random faults = new Random(seed);
        try (BlobDevice device = device();
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, answer) -> {
                switch (faults.nextInt(4)) {
                    case 0 -> throw new IOException("failed");
                    case 1 -> answer.put(faults.nextInt(answer.limit()), (byte) faults.nextInt());
                    case 2 -> answer.limit(faults.nextInt(answer.limit()));
                    default -> {}
                }
            });
            List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                Random random = new Random(seed + t);
                results.add(threads.submit(() -> {
                    for (int i = 0; i < 200; i++) {
                        int offset = random.nextInt(plain.length - 6000);
                        try {
                            assertThat(read(blob, offset, 6000))
                                    .as("seed " + seed)
                                    .isEqualTo(expected(offset, 6000));
                        } catch (IOException e) {
                            failures.incrementAndGet();
                        }
                    }
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
            assertThat(failures.get()).isPositive();
            assertReadyBytesAreRight(blob);
        }
    }

    @Test
    void interruptedReaderDoesNotBreakTheFetchForOthers() throws Exception {
        try (BlobDevice device = device();
                ExecutorService threads = Executors.newFixedThreadPool(2)) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, answer) -> pause(200));
            Thread hasty = Thread.ofPlatform().start(() -> {
                Thread.currentThread().interrupt();
                assertThat(catchThrowable(() -> read(blob, 0, 10))).isInstanceOf(InterruptedIOException.class);
            });
            hasty.join();
            assertThat(threads.submit(() -> read(blob, 0, 10)).get()).isEqualTo(expected(0, 10));
            assertThat(backend.requests()).hasSize(1);
        }
    }

    @Test
    void closedBlobFetchesNoMore() throws IOException {
        LazyBlob blob;
        try (BlobDevice device = device()) {
            blob = device.blob(0);
        }
        assertThatThrownBy(() -> blob.ensure(0, 10).close()).isInstanceOf(IOException.class);
    }

    @Test
    void folderOfTheCacheIsForItsOwnerOnly() throws IOException {
        try (BlobDevice _ = device()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(work)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void blobsAreSharedByImagesOfOneConfigurationOnly() throws IOException {
        BlobPool pool = new BlobPool();
        StorageConfiguration configuration = TestStores.inFiles(blobs, work);
        BlobInfo info = bootstrap.blobs().getFirst();
        try (Bootstrap same = GoldenBlobs.load(IMAGE);
                BlobDevice one = pool.open(bootstrap, configuration, "/one");
                BlobDevice other = pool.open(
                        same, TestStores.of(blobs, work, false, true, 0, PrefetchConfiguration.ABSENT), "/other")) {
            LazyBlob shared;
            try (BlobDevice two = pool.open(same, configuration, "/two")) {
                assertThat(two.blob(0)).isSameAs(one.blob(0));
                assertThat(two.store().id()).isEqualTo("/one");
                shared = two.blob(0);
            }
            assertThat(other.blob(0)).isNotSameAs(shared);
            assertThat(other.blob(0).info().effectiveId()).isEqualTo(info.effectiveId());
            assertThat(read(shared, 0, 100)).isEqualTo(expected(0, 100));
            assertThat(pool.stores()).hasSize(2);
        }
        assertThat(pool.stores()).isEmpty();
    }

    @Test
    void storeIsCompleteWhenTheLastByteIsOnTheDisk() throws Exception {
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            assertThat(device.store().isComplete()).isFalse();
            read(blob, 0, 1);
            assertThat(device.store().isComplete()).isFalse();
            read(blob, 0, (int) blob.size());
            Awaits.until(device.store()::isComplete);
        }
    }

    @Test
    void readyRangeCostsNoAllocation() throws IOException {
        try (BlobDevice device = device()) {
            LazyBlob blob = device.blob(0);
            read(blob, 0, plain.length);
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long ready = 0;
            for (int i = 0; i < 20_000; i++) {
                ready += touch(blob, i);
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 100_000; i++) {
                ready += touch(blob, i);
            }
            long allocated = threads.getCurrentThreadAllocatedBytes() - before;
            assertThat(ready).isEqualTo(240_000);
            // Reading the counter itself may cost a little.
            assertThat(allocated).isLessThan(1000);
        }
    }

    private static int touch(LazyBlob blob, int i) throws IOException {
        long offset = (i * 7919L) % (plain.length - 131_072);
        int ready = blob.isReady(offset, 131_072) ? 1 : 0;
        try (Pin _ = blob.ensure(offset, 4096)) {
            return ready + 1;
        }
    }
}
