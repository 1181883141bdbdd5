package io.nydus4j.daemon.erofs;

import java.util.ArrayList;
import java.util.List;

/** Readers that were heard of before they may be answered. Safe for use by several threads. */
final class EarlyReaders {
    /** Guarded by this, as is the flag. */
    private final List<WaitingReader> readers = new ArrayList<>();

    private boolean begun;

    /** Puts a reader aside; returns false and leaves it to the caller from {@link #begin} on. */
    synchronized boolean keep(WaitingReader reader) {
        if (!begun) {
            readers.add(reader);
        }
        return !begun;
    }

    /** Tells whether readers are answered as they come. */
    synchronized boolean isBegun() {
        return begun;
    }

    /** Puts nobody aside from now on; returns those that were, for the caller to answer. */
    synchronized List<WaitingReader> begin() {
        begun = true;
        List<WaitingReader> all = List.copyOf(readers);
        readers.clear();
        return all;
    }

    /** Lets go of those that are still aside, who wait for a successor; tells whether anybody was answered. */
    synchronized boolean close() {
        readers.forEach(ReaderAnswers::close);
        return begun;
    }
}
