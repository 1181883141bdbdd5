package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A blob without a file: what a read needs is fetched and decoded for it. The chunks of late are kept in memory, a few megabytes of them,
 * because a reader comes for a chunk in pieces.
 */
public final class MemoryBlob implements CachedBlob {
    /** Plain bytes kept. */
    private static final long KEPT = 8 << 20;

    private final BlobInfo info;
    private final boolean validate;
    private final DecodeWorkers workers;
    private final UnitReader reader;
    private final CacheCounters counters;
    private volatile long size;
    private volatile Contents contents;

    /** Guards the two maps and {@code kept}. */
    private final Object lock = new Object();

    private final Map<Long, CompletableFuture<byte[]>> underWay = new HashMap<>();
    private final LinkedHashMap<Long, byte[]> chunks = new LinkedHashMap<>(16, 0.75f, true);
    private long kept;

    private record Contents(ChunkIndex index, ChunkChecks checks) {}

    /** Makes a blob; the workers are closed with it. */
    MemoryBlob(
            BlobInfo info,
            long size,
            ChunkIndex index,
            ChunkChecks checks,
            DecodeWorkers workers,
            UnitReader reader,
            boolean validate,
            CacheCounters counters) {
        this.info = info;
        this.size = size;
        this.contents = new Contents(index, checks);
        this.workers = workers;
        this.reader = reader;
        this.validate = validate;
        this.counters = counters;
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
    public boolean isReady(long offset, long length) {
        return false;
    }

    @Override
    public Pin ensure(long offset, long length) throws IOException {
        check(contents.index(), offset, length);
        return copy(offset, length, null).pin();
    }

    @Override
    public DataOrigin read(long offset, ByteBuffer target) throws IOException {
        check(contents.index(), offset, target.remaining());
        counters.miss();
        return copy(offset, target.remaining(), target);
    }

    private void check(ChunkIndex index, long offset, long length) throws RafsFormatException {
        boolean inside = offset >= 0 && length >= 0 && offset <= size - length;
        if (!inside || length > 0 && !index.covers(offset, offset + length)) {
            throw new RafsFormatException(
                    "blob " + info.effectiveId(),
                    offset,
                    "expected data, but the range of " + length + " bytes lies where no chunk is");
        }
    }

    private DataOrigin copy(long offset, long length, @Nullable ByteBuffer target) throws IOException {
        DataOrigin origin = DataOrigin.LOCAL;
        Contents current = contents;
        ChunkIndex index = current.index();
        long place = offset;
        long end = offset + length;
        while (place < end) {
            int position = index.floor(place);
            long chunkEnd = index.end(position);
            if (place < chunkEnd) {
                int count = (int) (Math.min(end, chunkEnd) - place);
                byte[] plain = known(index.start(position));
                if (plain == null) {
                    origin = DataOrigin.BACKEND;
                    plain = chunk(current, position);
                }
                if (target != null) {
                    target.put(plain, (int) (place - index.start(position)), count);
                }
                place += count;
            } else {
                long next = position + 1 < index.size() ? Math.min(end, index.start(position + 1)) : end;
                for (; place < next; place++) {
                    if (target != null) {
                        target.put((byte) 0);
                    }
                }
            }
        }
        return origin;
    }

    private byte @Nullable [] known(long key) {
        synchronized (lock) {
            return chunks.get(key);
        }
    }

    /** Returns the plain bytes of a chunk; of those who ask for one at a time, one fetches it. */
    private byte[] chunk(Contents current, int position) throws IOException {
        long key = current.index().start(position);
        CompletableFuture<byte[]> future;
        boolean mine = false;
        synchronized (lock) {
            byte[] known = chunks.get(key);
            if (known != null) {
                return known;
            }
            CompletableFuture<byte[]> other = underWay.get(key);
            if (other == null) {
                other = new CompletableFuture<>();
                underWay.put(key, other);
                mine = true;
            }
            future = other;
        }
        if (mine) {
            try {
                Thread.ofVirtual().name("nydus-fetch").start(() -> fetch(current, position, key, future));
            } catch (Throwable e) {
                end(key, future, e);
                throw e;
            }
        }
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (IOException) new InterruptedIOException("interrupted while data was fetched").initCause(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }

    private void fetch(Contents current, int position, long key, CompletableFuture<byte[]> future) {
        try {
            ChunkIndex index = current.index();
            Receiver receiver = new Receiver(index, position, key, future);
            reader.read(index, current.checks(), index.unitFirst(position), index.unitLast(position), receiver);
            end(key, future, new IOException("a chunk could not be decoded"));
        } catch (IOException | RuntimeException | Error e) {
            end(key, future, e);
        }
    }

    /** Ends a fetch; whoever waits for it fails, unless the chunk is there. */
    private void end(long key, CompletableFuture<byte[]> future, Throwable failure) {
        future.completeExceptionally(failure);
        synchronized (lock) {
            underWay.remove(key);
        }
    }

    /** Keeps every chunk of a unit, and hands the wanted one to who waits. */
    private final class Receiver implements UnitReader.Receiver {
        private final ChunkIndex index;
        private final int position;
        private final long key;
        private final CompletableFuture<byte[]> future;

        private Receiver(ChunkIndex index, int position, long key, CompletableFuture<byte[]> future) {
            this.index = index;
            this.position = position;
            this.key = key;
            this.future = future;
        }

        @Override
        public boolean wants(int other) {
            return true;
        }

        @Override
        public void accept(int other, MemorySegment stored, MemorySegment plain) {
            byte[] bytes = plain.toArray(ValueLayout.JAVA_BYTE);
            keep(index.start(other), bytes);
            if (other == position) {
                keep(key, bytes);
                future.complete(bytes);
            }
            counters.chunksMadeReady(1);
        }

        @Override
        public void fail(int other, IOException failure) {
            if (other == position) {
                future.completeExceptionally(failure);
            }
        }
    }

    private void keep(long key, byte[] bytes) {
        synchronized (lock) {
            byte[] old = chunks.put(key, bytes);
            kept += bytes.length - (old == null ? 0 : old.length);
            var eldest = chunks.entrySet().iterator();
            while (kept > KEPT && chunks.size() > 1) {
                kept -= eldest.next().getValue().length;
                eldest.remove();
            }
        }
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return Optional.empty();
    }

    @Override
    public Optional<Path> file() {
        return Optional.empty();
    }

    @Override
    public boolean isComplete() {
        return false;
    }

    @Override
    public void prefetch(long offset, long length) {
        // There is no place to keep it.
    }

    @Override
    public void learn(BlobInfo other, List<ChunkRecord> records) throws IOException {
        synchronized (lock) {
            Contents before = contents;
            if (before.index() instanceof RecordIndex known) {
                RecordIndex merged = known.merge(RecordIndex.of(other, records));
                size = Math.max(size, merged.size() == 0 ? 0 : merged.end(merged.size() - 1));
                contents = new Contents(merged, before.checks().and(ChunkChecks.of(null, records, validate)));
            } else if (before.index() instanceof TableIndex known) {
                ChunkChecks checks = ChunkChecks.of(known.table(), records, validate);
                contents = new Contents(before.index(), before.checks().and(checks));
            }
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
        workers.close();
    }
}
