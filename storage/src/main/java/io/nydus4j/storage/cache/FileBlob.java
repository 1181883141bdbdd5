package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.Pin;
import io.nydus4j.storage.budget.BudgetedFile;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A blob in a cache file that fills itself.
 *
 * <p>Two sets of bits say what is there. The chunk map rests beside the file, is shared with other processes, and says what the file
 * <em>seems</em> to hold. The bits in memory say what this process has seen itself: chunks that it fetched and checked, or found in the
 * file and checked. Only these are ready. So whatever happened to the file between two runs, a flipped bit, a crash that kept the map and
 * lost the data, is found before the first use, and fetched again.
 *
 * <p>Missing chunks are worked on in {@link Flight}s, on virtual threads of their own: an interrupt of a caller does not hit the file's
 * channel. Data reaches the disk before its bit in the map ({@link DurableMarks}); the bit in memory comes when the data is in the file.
 */
public final class FileBlob implements CachedBlob {
    /** How often chunks that came damaged are asked for again. */
    private static final int DAMAGED_AGAIN = 2;

    private static final Logger LOGGER = System.getLogger(FileBlob.class.getName());
    private final BlobInfo info;
    private final long size;
    private final boolean validate;
    private final ChunkFile file;
    private final Path path;
    private final ChunkMarks marks;
    private final DurableMarks durable;
    private final @Nullable Evictions evictions;
    private final UnitReader reader;
    private final DecodeWorkers workers;
    private final Arena arena;
    private final CacheCounters counters;
    private final FetchWindow demandWindow;
    private final FetchWindow prefetchWindow;
    private final Flights flights = new Flights();
    private final Optional<MemorySegment> mapping;
    /** Held while contents are exchanged, and while chunks are forgotten in them. */
    private final Object contentsLock = new Object();

    private volatile Contents contents;
    private volatile boolean complete;
    private volatile boolean closed;

    /**
     * What is known of the chunks.
     *
     * @param index  where they lie
     * @param checks what they must be
     * @param ready  which are there and checked, by position in the index
     */
    record Contents(ChunkIndex index, ChunkChecks checks, ReadyBits ready) {}

    /**
     * The files and tools of one blob; all are closed with it.
     *
     * @param path      where the file is
     * @param arena     keeps the mapping of the index, if it has one
     * @param evictions says what to hold and forget, if the cache is under a budget
     */
    record Parts(
            ChunkFile file,
            Path path,
            ChunkMarks marks,
            DecodeWorkers workers,
            UnitReader reader,
            Arena arena,
            @Nullable Evictions evictions) {}

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
        this.durable = new DurableMarks(info.effectiveId(), marks, file);
        this.workers = parts.workers();
        this.reader = parts.reader();
        this.arena = parts.arena();
        this.counters = counters;
        this.evictions = parts.evictions();
        long most = evictions == null ? Long.MAX_VALUE : evictions.budgetBytes();
        this.demandWindow = FetchWindow.of(options.demandBatch()).within(most);
        this.prefetchWindow = FetchWindow.of(options.prefetchBatch()).within(most);
        this.mapping = file.mapping();
        this.contents = new Contents(index, checks, new ReadyBits(index.size()));
        this.complete = index.size() == 0;
        if (evictions != null) {
            evictions.serve(this::forget, index, marks);
        }
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
        return mapping.isPresent() && evictions == null ? Optional.of(path) : Optional.empty();
    }

    @Override
    public boolean isComplete() {
        return complete && evictions == null;
    }

    @Override
    public boolean isReady(long offset, long length) {
        Contents current = contents;
        return evictions == null && isOpenForReading(offset, length) && isReady(current, offset, length);
    }

    @Override
    public boolean evicts() {
        return evictions != null;
    }

    @Override
    public @Nullable Pin pinIfReady(long offset, long length) {
        Contents current = contents;
        if (evictions == null || length == 0 || current.index().size() == 0) {
            return isReady(offset, length) ? Pin.NONE : null;
        }
        Pin pin = isOpenForReading(offset, length) ? evictions.tryHold(current.index(), offset, length) : null;
        // What was ready before it was held may have been evicted in between.
        if (pin != null && !isReady(contents, offset, length)) {
            pin.close();
            return null;
        }
        return pin;
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

    private static boolean isReady(Contents contents, long offset, long length) {
        if (length == 0) {
            return true;
        }
        ChunkIndex index = contents.index();
        return index.covers(offset, offset + length)
                && contents.ready().allSet(index.firstEndingAfter(offset), index.floor(offset + length - 1));
    }

    @Override
    public Pin ensure(long offset, long length) throws IOException {
        checkOpen();
        if (evictions == null || length == 0) {
            fillIfMissing(offset, length);
            return Pin.NONE;
        }
        if (!isInside(offset, length) || contents.index().size() == 0) {
            throw outside(offset, length, "past the end of the blob, " + size);
        }
        Pin pin = evictions.hold(contents.index(), offset, length);
        try {
            fillIfMissing(offset, length);
            return pin;
        } catch (IOException | RuntimeException | Error e) {
            pin.close();
            throw e;
        }
    }

    private void fillIfMissing(long offset, long length) throws IOException {
        if (isInside(offset, length) && isReady(contents, offset, length)) {
            counters.hit();
            return;
        }
        counters.miss();
        if (length > 0 && isInside(offset, length) && !contents.index().covers(offset, offset + length)) {
            throw outside(offset, length, "where no chunk lies");
        }
        fillOrSayClosed(offset, length, demandWindow, Flight.Kind.DEMAND);
    }

    @Override
    public void prefetch(long offset, long length) throws IOException {
        checkOpen();
        fillOrSayClosed(offset, length, prefetchWindow, Flight.Kind.PREFETCH);
    }

    private void fillOrSayClosed(long offset, long length, FetchWindow window, Flight.Kind kind) throws IOException {
        try {
            fill(offset, length, window, kind);
        } catch (IllegalStateException e) {
            // The index went away under a thread that came too late.
            checkOpen();
            throw e;
        }
    }

    private void fill(long offset, long length, FetchWindow window, Flight.Kind kind) throws IOException {
        if (!isInside(offset, length)) {
            throw outside(offset, length, "past the end of the blob, " + size);
        }
        if (length == 0) {
            return;
        }
        while (true) {
            Contents current = contents;
            ChunkIndex index = current.index();
            int first = index.firstEndingAfter(offset);
            int last = index.floor(offset + length - 1);
            Flights.Next next = flights.next(new View(current), first, last, window, kind);
            if (!next.own().isEmpty()) {
                // Contents may have changed before the flights began, but not after.
                if (!isCurrent(current)) {
                    next.begun().forEach(flights::end);
                    continue;
                }
                run(current, next.begun());
                for (Flight flight : next.own()) {
                    flight.await();
                    throwFailure(current, flight, first, last);
                }
            } else if (next.awaited() != null) {
                next.awaited().await();
                if (next.awaited().kind() != Flight.Kind.PREFETCH || kind == Flight.Kind.PREFETCH) {
                    throwFailure(current, next.awaited(), first, last);
                }
            } else {
                return;
            }
        }
    }

    private RafsFormatException outside(long offset, long length, String where) {
        return new RafsFormatException(
                "blob " + info.effectiveId(),
                offset,
                "expected data, but the range of " + length + " bytes lies " + where);
    }

    private static void throwFailure(Contents contents, Flight flight, int first, int last) throws IOException {
        if (!flight.failed()) {
            return;
        }
        for (int position = Math.max(first, flight.first()); position <= Math.min(last, flight.last()); position++) {
            if (flight.claims(position) && !contents.ready().get(position)) {
                IOException failure = flight.failureOf(position);
                if (failure != null) {
                    throw failure;
                }
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // whether it is the very one
    private boolean isCurrent(Contents known) {
        return known == contents;
    }

    /** What flights are planned by, at one moment. */
    private final class View implements Flights.Chunks {
        private final Contents contents;

        private View(Contents contents) {
            this.contents = contents;
        }

        @Override
        public ChunkIndex index() {
            return contents.index();
        }

        @Override
        public boolean isReady(int position) {
            return contents.ready().get(position);
        }

        @Override
        public boolean isKept(int position) {
            int index = contents.index().indexInBlob(position);
            return marks.isSet(index)
                    && (marks instanceof ChunkMap || contents.checks().canCheck(index));
        }

        @Override
        public boolean canCheck(int position) {
            return contents.checks().canCheck(contents.index().indexInBlob(position));
        }
    }

    private void run(Contents current, List<Flight> begun) {
        int started = 0;
        try {
            for (Flight flight : begun) {
                Thread.ofVirtual().name("nydus-fetch").start(() -> run(current, flight));
                started++;
            }
        } catch (Throwable e) {
            for (Flight flight : begun.subList(started, begun.size())) {
                flight.fail(new IOException("blob " + info.effectiveId() + ": cannot start a thread: " + e, e));
                flights.end(flight);
            }
            throw e;
        }
    }

    private void run(Contents current, Flight flight) {
        try (Pin _ = evictions == null ? Pin.NONE : evictions.hold(current.index(), flight)) {
            switch (flight.kind()) {
                case CHECK -> check(current, flight);
                case DEMAND, PREFETCH -> fetch(current, flight);
            }
        } catch (IOException e) {
            flight.fail(e);
        } catch (RuntimeException | Error e) {
            flight.fail(new IOException("blob " + info.effectiveId() + ": fetching failed: " + e, e));
            throw e;
        } finally {
            flights.end(flight);
        }
    }

    /** Checks chunks that the file seems to hold. Those that are not what they should be lose their bit, and are fetched next. */
    private void check(Contents current, Flight flight) throws IOException {
        DecodeWorker worker = workers.take();
        int kept = 0;
        try (var _ = NativeBuffers.SHARED.reserve(current.index().unitPlainSize(flight.first()))) {
            for (int position = flight.first(); position <= flight.last(); position++) {
                int index = current.index().indexInBlob(position);
                if (!marks.isSet(index)) {
                    continue; // evicted since it was planned
                }
                try {
                    if (current.checks().canCheck(index) || mapping.isEmpty()) {
                        worker.check(current.checks(), index, file.read(current.index(), position, worker));
                    }
                    markReady(current, position);
                    kept++;
                } catch (IOException e) {
                    if (!(marks instanceof UnknownMarks)) {
                        LOGGER.log(
                                Level.WARNING,
                                "The cache lost or damaged a chunk, fetching it again: {0}",
                                e.getMessage());
                    }
                    durable.clear(index);
                }
            }
        } finally {
            workers.giveBack(worker);
        }
        counters.chunksKept(kept);
    }

    private void fetch(Contents current, Flight flight) throws IOException {
        Receiver receiver = new Receiver(current, flight);
        ChunkIndex index = current.index();
        int first = flight.first();
        try {
            reader.read(index, current.checks(), first, flight.last(), receiver);
        } catch (BackendException e) {
            // The request may have failed for what came along with the chunks that somebody waits for.
            int last = index.unitLast(flight.needed());
            if (e.retryable() || last == flight.last()) {
                throw e;
            }
            flight.fail(e);
            LOGGER.log(Level.DEBUG, "A request failed, asking for less", e);
            reader.read(index, current.checks(), first, last, receiver);
        }
        readDamagedAgain(current, flight, receiver);
        for (int position = first; position <= flight.last(); position++) {
            if (flight.claims(position) && !current.ready().get(position) && flight.failureOf(position) == null) {
                flight.fail(
                        position,
                        new IOException(
                                "chunk " + position + " of blob " + info.effectiveId() + " could not be decoded"));
            }
        }
    }

    /** Asks again for chunks that came damaged: what went wrong on the way may go right the next time. */
    private void readDamagedAgain(Contents current, Flight flight, Receiver receiver) throws IOException {
        ChunkIndex index = current.index();
        for (int again = 0; again < DAMAGED_AGAIN && flight.failed(); again++) {
            for (int position = flight.first(); position <= flight.last(); position = index.unitLast(position) + 1) {
                IOException failure = receiver.wants(position) ? flight.failureOf(position) : null;
                if (failure instanceof BlobDigestException || failure instanceof RafsFormatException) {
                    LOGGER.log(
                            Level.WARNING,
                            "blob " + info.effectiveId() + " came damaged, asking again: " + failure.getMessage());
                    reader.read(index, current.checks(), index.unitFirst(position), index.unitLast(position), receiver);
                }
            }
        }
    }

    private void markReady(Contents current, int position) {
        current.ready().set(position);
        if (current.ready().isFull()) {
            complete = true;
            if (evictions == null) {
                durable.complete();
            }
        }
    }

    /** Writes fetched chunks down. */
    private final class Receiver implements UnitReader.Receiver {
        private final Contents contents;
        private final Flight flight;

        private Receiver(Contents contents, Flight flight) {
            this.contents = contents;
            this.flight = flight;
        }

        @Override
        public boolean wants(int position) {
            return flight.claims(position) && !contents.ready().get(position);
        }

        @Override
        public void accept(int position, MemorySegment stored, MemorySegment plain) throws IOException {
            file.write(contents.index(), position, stored, plain);
            int index = contents.index().indexInBlob(position);
            durable.set(index);
            markReady(contents, position);
            counters.chunksMadeReady(1);
        }

        @Override
        public void fail(int position, IOException failure) {
            flight.fail(position, failure);
        }
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        int length = target.remaining();
        try (Pin _ = ensure(offset, length)) {
            if (mapping.isPresent()) {
                MemorySegment.ofBuffer(target).copyFrom(mapping.get().asSlice(offset, length));
                target.position(target.position() + length);
            } else {
                readBack(offset, target);
            }
        }
    }

    /** Copies a range chunk by chunk out of a file that holds stored bytes. */
    private void readBack(long offset, ByteBuffer target) throws IOException {
        Contents current = contents;
        ChunkIndex index = current.index();
        DecodeWorker worker = workers.take();
        try {
            long place = offset;
            while (target.hasRemaining()) {
                int position = index.floor(place);
                long inChunk = place - index.start(position);
                int count = (int) Math.min(target.remaining(), index.length(position) - inChunk);
                if (count <= 0) {
                    long next = position + 1 < index.size() ? index.start(position + 1) : size;
                    count = (int) Math.min(target.remaining(), next - place);
                    putZeros(target, count);
                } else {
                    MemorySegment plain = file.read(index, position, worker);
                    worker.check(current.checks(), index.indexInBlob(position), plain);
                    target.put(plain.asSlice(inChunk, count).asByteBuffer());
                }
                place += count;
            }
        } finally {
            workers.giveBack(worker);
        }
    }

    private static void putZeros(ByteBuffer target, int count) {
        for (int i = 0; i < count; i++) {
            target.put((byte) 0);
        }
    }

    @Override
    public void learn(BlobInfo other, List<ChunkRecord> records) throws IOException {
        checkSame(other);
        Contents current = contents;
        if (current.index() instanceof TableIndex table) {
            ChunkChecks checks = ChunkChecks.of(table.table(), records, validate);
            flights.whileIdle(() -> replace(contents.index(), contents.checks().and(checks)));
            return;
        }
        ChunkChecks checks = ChunkChecks.of(null, records, validate);
        while (true) {
            Contents before = contents;
            RecordIndex merged = ((RecordIndex) before.index()).merge(RecordIndex.of(other, records));
            boolean[] replaced = new boolean[1];
            flights.whileIdle(() -> {
                if (isCurrent(before)) {
                    replace(merged, before.checks().and(checks));
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

    /** Changes what is known of the chunks; what can be checked only now counts as not ready, and is checked before its next use. */
    private void replace(ChunkIndex index, ChunkChecks checks) {
        synchronized (contentsLock) {
            Contents before = contents;
            ReadyBits ready = new ReadyBits(index.size());
            for (int old = 0; old < before.index().size(); old++) {
                int blobIndex = before.index().indexInBlob(old);
                boolean checked = before.checks().canCheck(blobIndex) || !checks.canCheck(blobIndex);
                if (before.ready().get(old) && checked) {
                    ready.set(index.floor(before.index().start(old)));
                }
            }
            contents = new Contents(index, checks, ready);
            complete = ready.isFull();
        }
        if (evictions != null) {
            evictions.mayHold(index, marks);
        }
    }

    /** Forgets the chunks that start in a range, which nobody holds and no flight works on. */
    private BudgetedFile.Span forget(long start, long end) {
        synchronized (contentsLock) {
            ChunkIndex index = contents.index();
            int first = index.floor(start - 1) + 1;
            int last = index.floor(end - 1);
            if (first > last) {
                return BudgetedFile.Span.EMPTY;
            }
            for (int position = first; position <= last; position++) {
                contents.ready().clear(position);
                durable.clear(index.indexInBlob(position));
            }
            complete = false;
            long behind = index.padded() ? index.end(last) + ChunkIndex.PAGE - 1 & -ChunkIndex.PAGE : index.end(last);
            return new BudgetedFile.Span(index.start(first), Math.min(behind, size));
        }
    }

    @Override
    public List<ChunkSpan> spans(long storedEnd, int batch) {
        return ChunkSpan.cut(contents.index(), storedEnd, batch);
    }

    @Override
    public long storedSize(long offset, long length) {
        return ChunkSpan.storedSize(contents.index(), offset, length);
    }

    @Override
    public void close() {
        closed = true;
        if (!flights.close()) {
            return;
        }
        if (evictions != null) {
            evictions.close();
        }
        durable.close();
        marks.close();
        file.close();
        workers.close();
        arena.close();
    }
}
