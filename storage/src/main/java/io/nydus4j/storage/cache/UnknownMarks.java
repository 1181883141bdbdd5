package io.nydus4j.storage.cache;

import java.util.BitSet;

/**
 * Marks of a cache file that has no chunk map: nobody knows what it holds, so any chunk may be there, unless it was found not to be.
 *
 * <p>Stands in for the in-memory digest map of the reference: a chunk counts only once it has passed its check.
 */
final class UnknownMarks implements ChunkMarks {
    /** Guarded by this. */
    private final BitSet changed = new BitSet();

    private boolean noneKept;

    @Override
    public synchronized boolean isSet(int index) {
        // With the file new, the bits say what is there.
        return changed.get(index) == noneKept;
    }

    @Override
    public synchronized void set(int index) {
        changed.set(index, noneKept);
    }

    @Override
    public synchronized void clear(int index) {
        changed.set(index, !noneKept);
    }

    @Override
    public synchronized void clearAll() {
        noneKept = true;
        changed.clear();
    }

    @Override
    public void complete() {
        // There is no place to write it down.
    }

    @Override
    public boolean isComplete() {
        return true;
    }

    @Override
    public boolean isFull() {
        return false;
    }

    @Override
    public void close() {
        // Nothing to close.
    }
}
