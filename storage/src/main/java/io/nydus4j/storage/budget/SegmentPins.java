package io.nydus4j.storage.budget;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Who uses which part of a file. A file is cut into segments of equal size; each is held by any number of users, or claimed by the one
 * that takes its data away, never both. Safe for use by several threads.
 */
final class SegmentPins {
    private static final int CLAIMED = -1;
    private static final int MOST_SEGMENTS = 1 << 18;

    private final int shift;
    /** Users of each segment, or {@link #CLAIMED}. */
    private final AtomicIntegerArray users;
    /** 1 for segments that were used since {@link #tire} was last called. */
    private final AtomicIntegerArray fresh;

    /**
     * Cuts a file.
     *
     * @param size      length of the file, in bytes
     * @param leastSize size of a segment, a power of two, in bytes; more if the file had too many
     */
    SegmentPins(long size, int leastSize) {
        int bits = Integer.numberOfTrailingZeros(leastSize);
        while (size >>> bits >= MOST_SEGMENTS) {
            bits++;
        }
        this.shift = bits;
        int count = (int) (size >>> bits) + 1;
        this.users = new AtomicIntegerArray(count);
        this.fresh = new AtomicIntegerArray(count);
    }

    /** Returns the number of segments. */
    int count() {
        return users.length();
    }

    /** Returns the segment of an offset in the file, in bytes. */
    int segmentOf(long offset) {
        return (int) (offset >>> shift);
    }

    /** Returns where a segment starts, in bytes. */
    long startOf(int segment) {
        return (long) segment << shift;
    }

    /** Holds segments; waits for those that are claimed, which is short. */
    void hold(int first, int last) {
        for (int segment = first; segment <= last; segment++) {
            while (true) {
                int count = users.get(segment);
                if (count == CLAIMED) {
                    awaitUnclaimed(segment);
                } else if (users.compareAndSet(segment, count, count + 1)) {
                    break;
                }
            }
            if (fresh.getPlain(segment) == 0) {
                fresh.setOpaque(segment, 1);
            }
        }
    }

    /** Holds segments if none of them is claimed; tells whether it does. */
    boolean tryHold(int first, int last) {
        for (int segment = first; segment <= last; segment++) {
            int count = users.get(segment);
            while (count != CLAIMED && !users.compareAndSet(segment, count, count + 1)) {
                count = users.get(segment);
            }
            if (count == CLAIMED) {
                release(first, segment - 1);
                return false;
            }
            if (fresh.getPlain(segment) == 0) {
                fresh.setOpaque(segment, 1);
            }
        }
        return true;
    }

    private synchronized void awaitUnclaimed(int segment) {
        boolean interrupted = false;
        while (users.get(segment) == CLAIMED) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets go of segments. */
    void release(int first, int last) {
        for (int segment = first; segment <= last; segment++) {
            users.decrementAndGet(segment);
        }
    }

    /** Tells whether a segment was used since this was last asked. */
    boolean tire(int segment) {
        return fresh.getAndSet(segment, 0) != 0;
    }

    /** Claims a segment; tells whether nobody held it. */
    boolean claim(int segment) {
        return users.compareAndSet(segment, 0, CLAIMED);
    }

    /** Gives a claimed segment back. */
    synchronized void unclaim(int segment) {
        users.set(segment, 0);
        notifyAll();
    }
}
