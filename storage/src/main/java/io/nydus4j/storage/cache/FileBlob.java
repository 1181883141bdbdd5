package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.NoRoomException;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A blob in a cache file that fills itself.
 *
 * <p>A {@link ChunkLedger} knows which chunks are there and checked, a {@link BlobFiller} makes others ready. Data reaches the disk before
 * its bit in the chunk map ({@link DurableMarks}); the bit in memory comes when the data is in the file. Where the disk takes no more,
 * {@link #read} goes on without it.
 */
public final class FileBlob implements CachedBlob {
    private final BlobInfo info;
    private final long size;
    private final boolean validate;
    private final ChunkFile file;
    private final Path path;
    private final ChunkMarks marks;
    private final @Nullable Evictions evictions;
    private final @Nullable ChunkSharing sharing;
    private final DecodeWorkers workers;
    private final Arena arena;
    private final CacheCounters counters;
    private final FetchWindow demandWindow;
    private final FetchWindow prefetchWindow;
    private final ChunkLedger ledger;
    private final KeptChunks kept;
    private final PatientWrites writes;
    private final UncachedReads uncached;
    private final BlobFiller filler;
    private final Optional<MemorySegment> mapping;
    private volatile boolean closed;

    /**
     * The files and tools of one blob; all are closed with it.
     *
     * @param path      where the file is
     * @param arena     keeps the mapping of the index, if it has one
     * @param evictions says what to hold and forget, if the cache is under a budget
     * @param sharing   takes chunks from other blobs and gives them, if that is wanted
     */
    record Parts(
            ChunkFile file,
            Path path,
            ChunkMarks marks,
            DecodeWorkers workers,
            UnitReader reader,
            Arena arena,
            @Nullable Evictions evictions,
            @Nullable ChunkSharing sharing) {}

    /**
     * Makes a blob over open files.
     *
     * @param info   what the image says of it
     * @param size   size of the uncompressed address space, in bytes
     * @param index  its chunks
     * @param checks what they must be
     */
    FileBlob(
            BlobInfo info,
            long size,
            ChunkIndex index,
            ChunkChecks checks,
            Parts parts,
            CacheOptions options,
            CacheCounters counters) {
        this.info = info;
        this.size = size;
        this.validate = options.validate();
        this.file = parts.file();
        this.path = parts.path();
        this.marks = parts.marks();
        this.workers = parts.workers();
        this.arena = parts.arena();
        this.counters = counters;
        this.evictions = parts.evictions();
        this.sharing = parts.sharing();
        long most = evictions == null ? Long.MAX_VALUE : evictions.budgetBytes();
        this.demandWindow = FetchWindow.of(options.demandBatch()).within(most);
        this.prefetchWindow = FetchWindow.of(options.prefetchBatch()).within(most);
        this.mapping = file.mapping();
        String id = info.effectiveId();
        KnownChunks chunks = new KnownChunks(index, checks, new ReadyBits(index.size()));
        this.ledger = new ChunkLedger(size, chunks, marks, new DurableMarks(id, marks, file), evictions, sharing);
        this.kept = new KeptChunks(size, file, workers, ledger, counters);
        this.writes = new PatientWrites(id, options.roomPatience(), () -> freeBytes(path));
        this.uncached = new UncachedReads(info, size, validate, workers, parts.reader(), counters);
        ChunkFetch fetch = new ChunkFetch(id, parts.reader(), file, writes, ledger, sharing, counters);
        this.filler = new BlobFiller(id, ledger, kept, fetch, evictions, counters);
    }

    /** Returns how much room there is on the disk of a file, as far as that can be told. */
    private static long freeBytes(Path path) {
        long free = path.toFile().getFreeSpace();
        return free > 0 || Files.exists(path) ? free : Long.MAX_VALUE;
    }

    @Override
    public BlobInfo info() {
        return info;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return mapping;
    }

    @Override
    public Optional<Path> file() {
        return mapping.map(_ -> path);
    }

    @Override
    public boolean isComplete() {
        return ledger.isComplete() && evictions == null;
    }

    @Override
    public boolean isReady(long offset, long length) {
        return evictions == null
                && isOpenForReading(offset, length)
                && ledger.known().isReady(offset, length);
    }

    @Override
    public boolean evicts() {
        return evictions != null;
    }

    @Override
    public @Nullable Pin pinIfReady(long offset, long length) {
        KnownChunks chunks = ledger.known();
        if (evictions == null || length == 0 || chunks.index().size() == 0) {
            return isReady(offset, length) ? Pin.NONE : null;
        }
        Pin pin = isOpenForReading(offset, length) ? evictions.tryHold(chunks.index(), offset, length) : null;
        // What was ready before it was held may have been evicted in between.
        if (pin != null && !ledger.known().isReady(offset, length)) {
            pin.close();
            return null;
        }
        return pin;
    }

    @Override
    public void readOn(long offset) {
        filler.readOn(offset, demandWindow);
    }

    private boolean isOpenForReading(long offset, long length) {
        return !closed && isInside(offset, length) && mapping.isPresent();
    }

    private void checkOpen() throws IOException {
        if (closed) {
            throw new IOException("blob " + info.effectiveId() + " is closed");
        }
    }

    private boolean isInside(long offset, long length) {
        return offset >= 0 && length >= 0 && offset <= size - length;
    }

    @Override
    public Pin hold(long offset, long length) {
        ChunkIndex index = ledger.known().index();
        return evictions == null || length <= 0 || !isInside(offset, length) || index.size() == 0
                ? Pin.NONE
                : evictions.hold(index, offset, length);
    }

    @Override
    public Pin ensure(long offset, long length) throws IOException {
        checkOpen();
        if (evictions == null || length == 0) {
            return fillIfMissing(offset, length).pin();
        }
        if (!isInside(offset, length) || ledger.known().index().size() == 0) {
            throw outside(offset, length, "past the end of the blob, " + size);
        }
        Pin pin = hold(offset, length);
        try {
            DataOrigin origin = fillIfMissing(offset, length);
            return origin == DataOrigin.READY ? pin : new FilledPin(pin, origin);
        } catch (IOException | RuntimeException | Error e) {
            pin.close();
            throw e;
        }
    }

    /** Holds what had to be made ready. */
    private record FilledPin(Pin held, DataOrigin origin) implements Pin {
        @Override
        public void close() {
            held.close();
        }
    }

    private DataOrigin fillIfMissing(long offset, long length) throws IOException {
        readOn(offset);
        if (isInside(offset, length) && ledger.known().isReady(offset, length)) {
            counters.hit();
            return DataOrigin.READY;
        }
        if (length > 0 && isInside(offset, length) && !ledger.known().index().covers(offset, offset + length)) {
            throw outside(offset, length, "where no chunk lies");
        }
        return fill(offset, length, demandWindow, Flight.Kind.DEMAND);
    }

    @Override
    public void prefetch(long offset, long length) throws IOException {
        checkOpen();
        DataOrigin _ = fill(offset, length, prefetchWindow, Flight.Kind.PREFETCH);
    }

    private DataOrigin fill(long offset, long length, FetchWindow window, Flight.Kind kind) throws IOException {
        if (!isInside(offset, length)) {
            throw outside(offset, length, "past the end of the blob, " + size);
        }
        if (length == 0) {
            return DataOrigin.READY;
        }
        try {
            return filler.fill(offset, length, window, kind);
        } catch (IllegalStateException e) {
            // The index went away under a thread that came too late.
            checkOpen();
            throw e;
        }
    }

    private RafsFormatException outside(long offset, long length, String where) {
        return new RafsFormatException(
                "blob " + info.effectiveId(),
                offset,
                "expected data, but the range of " + length + " bytes lies " + where);
    }

    @Override
    public DataOrigin read(long offset, ByteBuffer target) throws IOException {
        int length = target.remaining();
        try (Pin pin = ensure(offset, length)) {
            if (mapping.isPresent()) {
                MemorySegment.ofBuffer(target).copyFrom(mapping.get().asSlice(offset, length));
                target.position(target.position() + length);
                return pin.origin();
            }
            kept.read(ledger.known(), offset, target);
            return pin.origin().and(DataOrigin.LOCAL);
        } catch (NoRoomException e) {
            return uncached.read(ledger.known(), offset, target);
        }
    }

    @Override
    public void learn(BlobInfo other, List<ChunkRecord> records) throws IOException {
        checkSame(other);
        KnownChunks chunks = ledger.known();
        if (chunks.index() instanceof TableIndex table) {
            ChunkChecks checks = ChunkChecks.of(table.table(), records, validate);
            filler.whileIdle(() -> ledger.replace(
                    ledger.known().index(), ledger.known().checks().and(checks)));
            return;
        }
        ChunkChecks checks = ChunkChecks.of(null, records, validate);
        while (true) {
            KnownChunks before = ledger.known();
            RecordIndex merged = ((RecordIndex) before.index()).merge(RecordIndex.of(other, records));
            boolean[] replaced = new boolean[1];
            filler.whileIdle(() -> {
                if (ledger.isCurrent(before)) {
                    ledger.replace(merged, before.checks().and(checks));
                    replaced[0] = true;
                }
            });
            if (replaced[0]) {
                return;
            }
        }
    }

    private void checkSame(BlobInfo other) throws RafsFormatException {
        if (other.chunkCount() != info.chunkCount()
                || other.uncompressedSize() != info.uncompressedSize()
                || other.compressedSize() != info.compressedSize()
                || other.compression() != info.compression()
                || other.digestAlgorithm() != info.digestAlgorithm()
                || other.cipher() != info.cipher()
                || !other.metaDigest().equals(info.metaDigest())
                || other.chunkInfoOffset() != info.chunkInfoOffset()
                || other.chunkInfoCompressedSize() != info.chunkInfoCompressedSize()
                || other.chunkInfoUncompressedSize() != info.chunkInfoUncompressedSize()) {
            throw new RafsFormatException(
                    "blob " + info.effectiveId(), -1, "two images say different things of this blob");
        }
    }

    @Override
    public List<ChunkSpan> spans(long storedEnd, int batch) {
        return ChunkSpan.cut(ledger.known().index(), storedEnd, batch);
    }

    @Override
    public long storedSize(long offset, long length) {
        return ChunkSpan.storedSize(ledger.known().index(), offset, length);
    }

    @Override
    public void close() {
        closed = true;
        writes.close();
        if (!filler.close()) {
            return;
        }
        if (evictions != null) {
            evictions.close();
        }
        if (sharing != null) {
            sharing.end();
        }
        ledger.close();
        marks.close();
        file.close();
        workers.close();
        arena.close();
    }
}
