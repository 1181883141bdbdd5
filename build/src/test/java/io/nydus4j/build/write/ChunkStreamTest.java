package io.nydus4j.build.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Data that comes once and in order is stored as data that is read at will. */
@Timeout(60)
final class ChunkStreamTest {
    private static final int CHUNK_SIZE = 0x1000;
    private static final StoreProgress NO_PROGRESS = (_, _) -> {};

    @TempDir
    private Path work;

    /** Opened when something may be written. */
    private final CountDownLatch gate = new CountDownLatch(1);

    /** All that comes out of storing. */
    private record Outcome(
            List<ChunkRecord> records, StoredChunks chunks, List<Byte> chunkInfo, List<Byte> stored, Digest digest) {
        boolean equalTo(Outcome other) {
            return records.equals(other.records)
                    && chunkInfo.equals(other.chunkInfo)
                    && stored.equals(other.stored)
                    && digest.equals(other.digest)
                    && counts(chunks).equals(counts(other.chunks));
        }

        private static List<Number> counts(StoredChunks chunks) {
            return List.of(
                    chunks.chunkCount(),
                    chunks.storedSize(),
                    chunks.uncompressedSize(),
                    chunks.prefetchSize(),
                    chunks.plainBytes(),
                    chunks.repeatedChunks(),
                    chunks.repeatedBytes());
        }
    }

    private static ChunkSettings settings(Compression compression, int batchSize, boolean encrypted) {
        UnitCipher cipher = new UnitCipher(
                "0123456789abcdefFEDCBA9876543210".getBytes(StandardCharsets.US_ASCII),
                "an initial tweak".getBytes(StandardCharsets.US_ASCII));
        int features = BlobFeatures.ALIGNED
                | (batchSize > 0 ? BlobFeatures.BATCH | BlobFeatures.CHUNK_INFO_V2 : 0)
                | (encrypted ? BlobFeatures.ENCRYPTED | BlobFeatures.CHUNK_INFO_V2 : 0);
        return new ChunkSettings(
                CHUNK_SIZE,
                batchSize,
                compression,
                DigestAlgorithm.BLAKE3,
                encrypted ? Optional.of(cipher) : Optional.empty(),
                true,
                true,
                true,
                new BlobFeatures(features),
                0);
    }

    private static ChunkStream open(ChunkSettings settings, int threads, BlobWriter blob) throws IOException {
        return new ChunkStream(settings, threads, blob, ChunkDictionary.NONE, new BlobTable(List.of()), NO_PROGRESS);
    }

    /** Stores files, then tells what came out. */
    private Outcome outcome(MemoryFiles files, Storing storing) throws IOException {
        Path path = work.resolve("blob");
        try (OutputFile file = OutputFile.at(path)) {
            BlobWriter blob = new BlobWriter(Optional.of(file));
            StoredChunks chunks = storing.store(blob);
            file.sync();
            file.commit();
            List<ChunkRecord> records = new ArrayList<>();
            files.files().forEach(node -> records.addAll(List.of(node.chunks())));
            return new Outcome(
                    records,
                    chunks,
                    list(chunks.chunkInfo().toBytes()),
                    list(Files.readAllBytes(path)),
                    blob.runningDigest());
        }
    }

    private interface Storing {
        StoredChunks store(BlobWriter blob) throws IOException;
    }

    private static List<Byte> list(byte[] bytes) {
        List<Byte> list = new ArrayList<>(bytes.length);
        for (byte value : bytes) {
            list.add(value);
        }
        return list;
    }

    private static Stream<ChunkSettings> kinds() {
        return Stream.of(
                settings(Compression.NONE, 0, false),
                settings(Compression.ZSTD, 0, false),
                settings(Compression.LZ4_BLOCK, 0x4000, false),
                settings(Compression.ZSTD, 0x4000, true));
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void streamIsStoredAsFilesAreWithAnyNumberOfThreads(ChunkSettings settings) throws IOException {
        MemoryFiles files = MemoryFiles.random(7, CHUNK_SIZE);
        files.reserveChunks(CHUNK_SIZE);
        Outcome expected = outcome(
                files,
                blob -> new ChunkPipeline(
                                files, settings, 2, blob, ChunkDictionary.NONE, new BlobTable(List.of()), NO_PROGRESS)
                        .run(List.of(), files.files()));
        assertThat(expected.chunks.repeatedChunks()).isPositive();
        for (int threads : new int[] {1, 2, 8}) {
            Outcome found = outcome(files, blob -> {
                try (ChunkStream stream = open(settings, threads, blob)) {
                    for (Node file : files.files()) {
                        stream.add(file, files.stream(file, 3000));
                    }
                    return stream.finish();
                }
            });
            assertThat(found.equalTo(expected)).as("%d threads", threads).isTrue();
        }
    }

    @Test
    void emptyStreamHasNoChunks() throws IOException {
        try (ChunkStream stream = open(settings(Compression.ZSTD, 0, false), 2, new BlobWriter(Optional.empty()))) {
            assertThat(stream.finish().chunkCount()).isZero();
        }
    }

    @Test
    void tooLittleDataNamesTheFile() throws IOException {
        MemoryFiles files = new MemoryFiles();
        Node file = files.add("cut", new byte[0]);
        file.setSize(10_000);
        try (ChunkStream stream = open(settings(Compression.ZSTD, 0, false), 2, new BlobWriter(Optional.empty()))) {
            assertThatThrownBy(() -> stream.add(file, MemoryFiles.stream(new byte[9_999], 100)))
                    .isInstanceOf(IOException.class)
                    .hasMessage("\"/cut\": its data ends after 9999 of 10000 bytes");
        }
    }

    @Test
    void fileOfTooManyChunksIsRefused() throws IOException {
        MemoryFiles files = new MemoryFiles();
        Node file = files.add("huge", new byte[0]);
        file.setSize(Long.MAX_VALUE);
        try (ChunkStream stream = open(settings(Compression.ZSTD, 0, false), 2, new BlobWriter(Optional.empty()))) {
            assertThatThrownBy(() -> stream.add(file, MemoryFiles.stream(new byte[1], 1)))
                    .isInstanceOf(IOException.class)
                    .hasMessage("\"/huge\": file size 0x7fffffffffffffff is too big");
        }
    }

    @Test
    void failureOfTheDataIsPassedOn() throws IOException {
        MemoryFiles files = new MemoryFiles();
        Node file = files.add("bad", new byte[100]);
        IOException failure = new IOException("the archive is damaged");
        try (ChunkStream stream = open(settings(Compression.ZSTD, 0, false), 2, new BlobWriter(Optional.empty()))) {
            assertThatThrownBy(() -> stream.add(file, _ -> {
                        throw failure;
                    }))
                    .isSameAs(failure);
        }
    }

    /** Adds files that all differ, until something goes wrong or there are very many. */
    private static void addMany(ChunkStream stream) throws IOException {
        byte[] content = new byte[64 << 10];
        MemoryFiles files = new MemoryFiles();
        Node file = files.add("again", content);
        for (int i = 0; i < 20_000; i++) {
            for (int at = 0; at < content.length; at += CHUNK_SIZE) {
                content[at] = (byte) i;
                content[at + 1] = (byte) (i >> 8);
                content[at + 2] = (byte) (at / CHUNK_SIZE);
            }
            stream.add(file, MemoryFiles.stream(content, content.length));
        }
    }

    @Test
    void fullDiskEndsTheStream() throws IOException {
        try (OutputFile file = OutputFile.at(Path.of("/dev/full"));
                ChunkStream stream = open(settings(Compression.NONE, 0, false), 2, new BlobWriter(Optional.of(file)))) {
            assertThatThrownBy(() -> {
                        addMany(stream);
                        stream.finish();
                    })
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("/dev/full");
        }
    }

    @Test
    void failureOfTheProgressEndsTheStream() throws IOException {
        IllegalStateException failure = new IllegalStateException("no more");
        try (ChunkStream stream = new ChunkStream(
                settings(Compression.NONE, 0, false),
                2,
                new BlobWriter(Optional.empty()),
                ChunkDictionary.NONE,
                new BlobTable(List.of()),
                (done, _) -> {
                    if (done > 10_000_000) {
                        throw failure;
                    }
                })) {
            assertThatThrownBy(() -> {
                        addMany(stream);
                        stream.finish();
                    })
                    .isSameAs(failure);
        }
    }

    @Test
    void readerWaitsWhileNothingIsWritten() throws Exception {
        AtomicLong added = new AtomicLong();
        AtomicReference<Throwable> seen = new AtomicReference<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            try (ChunkStream stream = new ChunkStream(
                    settings(Compression.NONE, 0, false),
                    2,
                    new BlobWriter(Optional.empty()),
                    ChunkDictionary.NONE,
                    new BlobTable(List.of()),
                    (_, _) -> await())) {
                seen.set(catchThrowable(() -> {
                    MemoryFiles files = new MemoryFiles();
                    while (true) {
                        stream.add(files.add("f" + added.get(), new byte[CHUNK_SIZE]), target -> {
                            added.addAndGet(target.byteSize());
                            return (int) target.byteSize();
                        });
                    }
                }));
            } catch (IOException e) {
                seen.set(e);
            }
        });
        long before = -1;
        while (added.get() != before) {
            before = added.get();
            Thread.sleep(300);
        }
        assertThat(before).isPositive().isLessThan(100 << 20);
        reader.interrupt();
        gate.countDown();
        reader.join();
        assertThat(seen.get()).isInstanceOf(InterruptedIOException.class);
    }

    private void await() {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    @Test
    void interruptedFinishEndsCleanly() throws IOException {
        try (ChunkStream stream = open(settings(Compression.NONE, 0, false), 2, new BlobWriter(Optional.empty()))) {
            Thread.currentThread().interrupt();
            Throwable thrown = catchThrowable(stream::finish);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(thrown).isInstanceOf(InterruptedIOException.class);
        }
    }
}
