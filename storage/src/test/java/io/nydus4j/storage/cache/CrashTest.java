package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.chunk.ChunkInfoLoader;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.Awaits;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.TestBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a crash of the machine leaves on the disk, whenever it comes: no bit of a chunk map without its data. */
final class CrashTest {
    private static final int MAP_HEADER = 4096;

    @TempDir
    Path folder;

    private Path blobs;
    private Bootstrap bootstrap;
    private BlobInfo info;
    private TestBackend backend;
    private ChunkInfoTable table;

    @BeforeEach
    void open() throws IOException {
        blobs = GoldenBlobs.linkAll(folder.resolve("blobs"));
        bootstrap = GoldenBlobs.load("v6-none-4k");
        info = bootstrap.blobs().getFirst();
        backend = new TestBackend(blobs);
        table = ChunkInfoLoader.load(info, backend.open(info.effectiveId()));
    }

    @AfterEach
    void close() {
        bootstrap.close();
    }

    private Path data() {
        return folder.resolve("x.blob.data");
    }

    private Path map() {
        return folder.resolve("x.blob.data.chunk_map");
    }

    private FileBlob blob(PositionalSource source, UnaryOperator<FileChannel> wrapping) throws IOException {
        List<ChunkRecord> records = new ArrayList<>();
        bootstrap.forEachChunk(records::add);
        CacheCounters counters = new CacheCounters("");
        DecodeWorkers workers = new DecodeWorkers(info);
        long size = info.uncompressedSize();
        FileChannel channel = wrapping.apply(ChunkFiles.open(data(), size).channel());
        FileBlob.Parts parts = new FileBlob.Parts(
                new PlainChunkFile(channel, size),
                data(),
                ChunkMap.open(map(), info.chunkCount()),
                workers,
                new UnitReader(info, source, workers, counters),
                Arena.ofShared(),
                null,
                null);
        return new FileBlob(
                info,
                size,
                new TableIndex(table, info),
                ChunkChecks.of(table, records, false),
                parts,
                new CacheOptions(0, 0, false, false, true, Duration.ZERO),
                counters);
    }

    /** What the disk is sure to hold: bytes that were forced, and bits that may have got there at any time. */
    private final class Disk implements JournalledChannel.Journal {
        private final byte[] safe = new byte[(int) info.uncompressedSize()];
        private final List<Write> written = new ArrayList<>();
        private int forced;
        private int cuts;
        private int bitsSeen;
        private byte[] lastMap = new byte[0];

        private record Write(long position, byte[] bytes) {}

        @Override
        public synchronized void beforeWrite(long position, byte[] bytes) {
            cut();
        }

        @Override
        public synchronized void afterWrite(long position, byte[] bytes) {
            written.add(new Write(position, bytes));
            cut();
        }

        @Override
        public synchronized void beforeForce() {
            forced = written.size();
            cut();
        }

        @Override
        public synchronized void afterForce() {
            for (Write write : written.subList(0, forced)) {
                System.arraycopy(write.bytes(), 0, safe, (int) write.position(), write.bytes().length);
            }
            written.subList(0, forced).clear();
            cut();
        }

        /** The machine stops here: all that was not forced is lost, all bits have reached the disk. */
        private synchronized void cut() {
            try {
                byte[] map = Files.readAllBytes(map());
                for (int i = 0; i < info.chunkCount(); i++) {
                    if ((map[MAP_HEADER + i / 8] & 0x80 >> i % 8) == 0) {
                        continue;
                    }
                    int start = (int) table.uncompressedOffset(i);
                    assertThat(Arrays.copyOfRange(safe, start, start + table.uncompressedSize(i)))
                            .as("chunk " + i + " at cut " + cuts)
                            .isEqualTo(Arrays.copyOfRange(truth, start, start + table.uncompressedSize(i)));
                    bitsSeen++;
                }
                cuts++;
                lastMap = map;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private byte[] truth = new byte[0];

    /** The independent truth: the chunks of this image are stored as they are. */
    private byte[] readTruth() throws IOException {
        byte[] stored = Files.readAllBytes(blobs.resolve(info.effectiveId()));
        byte[] plain = new byte[(int) info.uncompressedSize()];
        for (int i = 0; i < info.chunkCount(); i++) {
            System.arraycopy(
                    stored,
                    (int) table.compressedOffset(i),
                    plain,
                    (int) table.uncompressedOffset(i),
                    table.uncompressedSize(i));
        }
        return plain;
    }

    @Test
    void noBitIsOnTheDiskBeforeItsData() throws Exception {
        truth = readTruth();
        Disk disk = new Disk();
        Random random = new Random(5);
        byte[] halfMap;
        byte[] halfData;
        try (FileBlob blob = blob(backend.open(info.effectiveId()), file -> new JournalledChannel(file, disk))) {
            for (int i = 0; i < 25; i++) {
                blob.read(random.nextLong(blob.size() - 5000), ByteBuffer.allocate(5000));
                Thread.sleep(40);
                disk.cut();
            }
            halfMap = disk.lastMap;
            halfData = disk.safe.clone();
            blob.read(0, ByteBuffer.allocate((int) blob.size()));
        }
        disk.cut();
        assertThat(disk.cuts).isGreaterThan(info.chunkCount());
        assertThat(disk.bitsSeen).isPositive();
        assertThat(disk.safe).isEqualTo(truth);

        // Started again on what one of the cuts left, nothing that is marked need be fetched, and nothing else can be
        // had.
        Files.write(data(), halfData);
        Files.write(map(), halfMap);
        backend.behave((request, answer) -> {
            throw new IOException("out of order");
        });
        int marked = 0;
        try (FileBlob blob = blob(backend.open(info.effectiveId()), file -> file)) {
            for (int i = 0; i < info.chunkCount(); i++) {
                ByteBuffer target = ByteBuffer.allocate(table.uncompressedSize(i));
                long start = table.uncompressedOffset(i);
                if ((halfMap[MAP_HEADER + i / 8] & 0x80 >> i % 8) != 0) {
                    blob.read(start, target);
                    assertThat(target.array())
                            .isEqualTo(Arrays.copyOfRange(truth, (int) start, (int) start + target.capacity()));
                    marked++;
                } else {
                    assertThatThrownBy(() -> blob.read(start, target)).hasMessageContaining("out of order");
                }
            }
        }
        assertThat(marked).isPositive();
    }

    @Test
    void completenessIsWrittenDownWhileTheBlobIsOpenAndOnlyThen() throws Exception {
        try (FileBlob blob = blob(backend.open(info.effectiveId()), file -> file)) {
            blob.read(0, ByteBuffer.allocate((int) blob.size()));
            Awaits.until(blob::isComplete);
            try (ChunkMap map = ChunkMap.open(map(), info.chunkCount())) {
                assertThat(map.isComplete()).isTrue();
            }
        }
        // One damaged chunk, found at its first use, and the whole is not complete any more.
        byte[] bytes = Files.readAllBytes(data());
        bytes[5000] ^= 1;
        Files.write(data(), bytes);
        backend.behave((request, answer) -> {
            throw new IOException("out of order");
        });
        try (FileBlob blob = blob(backend.open(info.effectiveId()), file -> file)) {
            assertThatThrownBy(() -> blob.read(0, ByteBuffer.allocate((int) blob.size())))
                    .hasMessageContaining("out of order");
            assertThat(blob.isComplete()).isFalse();
        }
        try (ChunkMap map = ChunkMap.open(map(), info.chunkCount())) {
            assertThat(map.isComplete()).isFalse();
        }
    }

    /** A disk that cannot take what was written: the kernel gives the failure once, and forgets what it could not write. */
    private final class FailingDisk implements JournalledChannel.Journal {
        private final List<long[]> written = new ArrayList<>();
        private volatile int failures;
        /** Failures that data was lost by. */
        private volatile int losses;

        @Override
        public void beforeWrite(long position, byte[] bytes) {
            // counts once it is done
        }

        @Override
        public synchronized void afterWrite(long position, byte[] bytes) {
            written.add(new long[] {position, bytes.length});
        }

        @Override
        public synchronized void beforeForce() throws IOException {
            if (failures == 2) {
                return;
            }
            failures = failures + 1;
            losses = losses + (written.isEmpty() ? 0 : 1);
            try (FileChannel channel = FileChannel.open(data(), StandardOpenOption.WRITE)) {
                for (long[] range : written) {
                    channel.write(ByteBuffer.allocate((int) range[1]), range[0]);
                }
            }
            written.clear();
            throw new IOException("Input/output error");
        }

        @Override
        public void afterForce() {
            // all that is left is on the disk
        }
    }

    @Test
    void whatTheDiskDidNotTakeIsFetchedAgain() throws Exception {
        truth = readTruth();
        FailingDisk disk = new FailingDisk();
        try (FileBlob blob = blob(backend.open(info.effectiveId()), file -> new JournalledChannel(file, disk))) {
            int lossesKnown = 0;
            while (!blob.isComplete()) {
                if (disk.losses > lossesKnown) { // what the disk left is read until the blob has heard of it
                    lossesKnown = disk.losses;
                    Awaits.until(() -> !blob.isReady(0, truth.length));
                }
                ByteBuffer target = ByteBuffer.allocate(truth.length);
                blob.read(0, target);
                if (disk.losses == lossesKnown) { // else the data may have gone while it was copied
                    assertThat(target.array()).isEqualTo(truth);
                }
                Thread.sleep(50);
            }
            assertThat(disk.failures).isEqualTo(2);
            assertThat(Files.readAllBytes(data())).startsWith(truth);
        }
    }
}
