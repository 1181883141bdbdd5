package io.nydus4j.daemon.erofs;

import java.util.ArrayList;
import java.util.List;

/** Readers that nobody may answer yet, or any more: these wait for a successor. Safe for use by several threads. */
final class ReadersAside {
    private final JournalSlots slots;
    /** Guarded by this, as are the flags. */
    private final List<WaitingReader> readers = new ArrayList<>();

    private boolean begun;
    private boolean left;

    ReadersAside(JournalSlots slots) {
        this.slots = slots;
    }

    /** Puts a reader aside; returns false and leaves it to the caller between {@link #begin} and {@link #leave}. */
    synchronized boolean keep(WaitingReader reader) {
        if (begun && !left) {
            return false;
        }
        readers.add(reader);
        if (left) {
            slots.setAside();
        }
        return true;
    }

    /** Tells whether readers were ever answered. */
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

    /** Puts all aside who come from now on; returns once those that the caller had have their answers. */
    void leave() {
        synchronized (this) {
            left = true;
            if (!begun) {
                return;
            }
        }
        slots.awaitNobodyWaiting();
    }

    /** Lets go of those that are still aside. */
    synchronized void close() {
        readers.forEach(ReaderAnswers::close);
        readers.clear();
    }
}
