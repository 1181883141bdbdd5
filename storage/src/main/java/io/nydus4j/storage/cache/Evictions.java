package io.nydus4j.storage.cache;

import io.nydus4j.storage.Pin;
import io.nydus4j.storage.budget.BudgetedFile;
import io.nydus4j.storage.budget.CacheBudget;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What a blob in a cache under a budget has to do with it: holds chunks by their positions. Safe for use by several threads. */
final class Evictions implements BudgetedFile.Member, AutoCloseable {
    private static final long BLOCK = 4096;

    private final BudgetedFile file;
    private volatile BudgetedFile.@Nullable Member blob;

    private Evictions(CacheBudget budget, Path path, long size, boolean aligned) throws IOException {
        this.file = budget.open(path, size, aligned, this);
    }

    /**
     * Opens the data file of a blob under a budget; makes it if there is none.
     *
     * @param size    its length once it is complete, in bytes
     * @param aligned whether chunks start at whole blocks
     */
    static Evictions of(CacheBudget budget, Path path, long size, boolean aligned) throws IOException {
        return new Evictions(budget, path, size, aligned);
    }

    /** Returns what the cache may take on the disk, in bytes. */
    long budgetBytes() {
        return file.budgetBytes();
    }

    /** Says who forgets chunks; before that, the file holds none that the blob counts on. */
    void serve(BudgetedFile.Member forgetting, ChunkIndex index, ChunkMarks marks) {
        blob = forgetting;
        mayHold(index, marks);
        file.opened();
    }

    /** Says that the file may hold all chunks that are marked. */
    void mayHold(ChunkIndex index, ChunkMarks marks) {
        for (int position = 0; position < index.size(); position++) {
            if (marks.isSet(index.indexInBlob(position))) {
                file.mayHold(index.start(position));
            }
        }
    }

    /**
     * Keeps the chunks of a range, whether they are there or not yet.
     *
     * @param offset start of the range, in bytes, where a chunk is
     * @param length bytes, at least 1
     */
    Pin hold(ChunkIndex index, long offset, long length) {
        int first = Math.min(index.firstEndingAfter(offset), index.size() - 1);
        return file.hold(index.start(first), index.start(Math.max(first, index.floor(offset + length - 1))));
    }

    /** Does the same without waiting; returns null if part of it is being taken away right now. */
    @Nullable
    Pin tryHold(ChunkIndex index, long offset, long length) {
        int first = Math.min(index.firstEndingAfter(offset), index.size() - 1);
        return file.tryHold(index.start(first), index.start(Math.max(first, index.floor(offset + length - 1))));
    }

    /**
     * Keeps the chunks of a flight while it is under way, and makes room for those that it fetches.
     *
     * @throws IOException if there is no room for something that nobody waits for
     */
    Pin hold(ChunkIndex index, Flight flight) throws IOException {
        long first = index.start(flight.first());
        long last = index.start(flight.last());
        if (flight.kind() == Flight.Kind.CHECK) {
            return file.hold(first, last);
        }
        long size = 0;
        for (int position = flight.first(); position <= flight.last(); position++) {
            if (flight.claims(position)) {
                size += index.length(position) + BLOCK - 1 & -BLOCK;
            }
        }
        return file.write(first, last, size, flight.kind() == Flight.Kind.DEMAND);
    }

    @Override
    public BudgetedFile.Span forget(long start, long end) {
        BudgetedFile.Member forgetting = blob;
        return forgetting == null ? BudgetedFile.Span.EMPTY : forgetting.forget(start, end);
    }

    @Override
    public void close() {
        file.leave(this);
    }
}
