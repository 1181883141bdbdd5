package io.nydus4j.storage.cache;

import io.nydus4j.storage.budget.BudgetedFile;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what is known of the chunks of a blob in a cache file: by bits in memory and by the chunk map. Safe for use by several threads.
 *
 * <p>The chunk map rests beside the file, is shared with other processes, and says what the file <em>seems</em> to hold. The bits in
 * memory say what this process has seen itself: chunks that it fetched and checked, or found in the file and checked. Only these are
 * ready. So whatever happened to the file between two runs, a flipped bit, a crash that kept the map and lost the data, is found before
 * the first use, and fetched again.
 */
final class ChunkLedger {
    private final long size;
    private final ChunkMarks marks;
    private final DurableMarks durable;
    private final @Nullable Evictions evictions;
    private final @Nullable ChunkSharing sharing;
    /** Held while what is known is exchanged, and while chunks are forgotten in it. */
    private final Object lock = new Object();

    private volatile KnownChunks known;
    private volatile boolean complete;

    /**
     * Makes a ledger in which nothing is ready.
     *
     * @param size      size of the uncompressed address space, in bytes
     * @param known     the chunks, with no bit set
     * @param marks     what the file seems to hold; closed by the caller after {@link #close}
     * @param durable   sets those marks; closed with this
     * @param evictions says what to forget, if the cache is under a budget
     * @param sharing   is told what is ready, if other blobs may have it
     */
    ChunkLedger(
            long size,
            KnownChunks known,
            ChunkMarks marks,
            DurableMarks durable,
            @Nullable Evictions evictions,
            @Nullable ChunkSharing sharing) {
        this.size = size;
        this.known = known;
        this.marks = marks;
        this.durable = durable;
        this.evictions = evictions;
        this.sharing = sharing;
        this.complete = known.index().size() == 0;
        durable.onLoss(this::lost);
        if (evictions != null) {
            evictions.serve(this::forget, known.index(), marks);
        }
    }

    /** Returns what is known now. */
    KnownChunks known() {
        return known;
    }

    @SuppressWarnings("ReferenceEquality") // whether it is the very one
    boolean isCurrent(KnownChunks chunks) {
        return chunks == known;
    }

    /** Tells whether every chunk is ready, and on the disk where there is a chunk map. */
    boolean isComplete() {
        return complete && (!hasMap() || marks.isComplete());
    }

    /** Tells whether the file seems to hold a chunk. */
    boolean isMarked(KnownChunks chunks, int position) {
        return marks.isSet(chunks.index().indexInBlob(position));
    }

    /** Tells whether it is known what the file holds: whether there is a chunk map. */
    boolean hasMap() {
        return marks instanceof ChunkMap;
    }

    /** Notes that a chunk was written to the file, having passed its check. */
    void written(KnownChunks chunks, int position) {
        durable.set(chunks.index().indexInBlob(position));
        found(chunks, position);
    }

    /** Notes that a chunk was found in the file as it should be. */
    void found(KnownChunks chunks, int position) {
        chunks.ready().set(position);
        if (sharing != null) {
            sharing.tell(chunks, position);
        }
        if (chunks.ready().isFull()) {
            complete = true;
            if (evictions == null) {
                durable.complete();
            }
        }
    }

    /** Notes that the file does not hold a chunk that it seemed to hold. */
    void lost(KnownChunks chunks, int position) {
        durable.clear(chunks.index().indexInBlob(position));
    }

    /** Forgets chunks that the disk may not have taken, by their indexes in the blob. */
    private void lost(BitSet indexes) {
        if (indexes.isEmpty()) {
            return;
        }
        synchronized (lock) {
            KnownChunks chunks = known;
            for (int position = 0; position < chunks.index().size(); position++) {
                if (indexes.get(chunks.index().indexInBlob(position))) {
                    chunks.ready().clear(position);
                }
            }
            complete = false;
        }
    }

    /**
     * Changes what is known of the chunks, while no flight is under way; what can be checked only now counts as not ready, and is checked
     * before its next use.
     */
    void replace(ChunkIndex index, ChunkChecks checks) {
        synchronized (lock) {
            KnownChunks before = known;
            ReadyBits ready = new ReadyBits(index.size());
            for (int old = 0; old < before.index().size(); old++) {
                int blobIndex = before.index().indexInBlob(old);
                boolean checked = before.checks().canCheck(blobIndex) || !checks.canCheck(blobIndex);
                if (before.ready().get(old) && checked) {
                    ready.set(index.floor(before.index().start(old)));
                }
            }
            known = new KnownChunks(index, checks, ready);
            complete = ready.isFull();
        }
        if (evictions != null) {
            evictions.mayHold(index, marks);
        }
    }

    /** Forgets the chunks that start in a range, which nobody holds and no flight works on. */
    private BudgetedFile.Span forget(long start, long end) {
        synchronized (lock) {
            KnownChunks chunks = known;
            ChunkIndex index = chunks.index();
            int first = index.floor(start - 1) + 1;
            int last = index.floor(end - 1);
            if (first > last) {
                return BudgetedFile.Span.EMPTY;
            }
            for (int position = first; position <= last; position++) {
                chunks.ready().clear(position);
                durable.clear(index.indexInBlob(position));
            }
            complete = false;
            long behind = index.padded() ? index.end(last) + ChunkIndex.PAGE - 1 & -ChunkIndex.PAGE : index.end(last);
            return new BudgetedFile.Span(index.start(first), Math.min(behind, size));
        }
    }

    /** Ends with the marks set of all that was written; nothing may be written any more. */
    void close() {
        durable.close();
    }
}
