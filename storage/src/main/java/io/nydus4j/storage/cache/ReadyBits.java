package io.nydus4j.storage.cache;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;

/** One bit for each chunk, in memory. Safe for use by several threads: what was written before a bit was set is seen by who sees the bit. */
final class ReadyBits {
    private final int size;
    private final AtomicLongArray words;
    private final AtomicInteger count = new AtomicInteger();

    /** Makes bits that are all clear. */
    ReadyBits(int size) {
        this.size = size;
        this.words = new AtomicLongArray((int) ((size + 63L) >>> 6));
    }

    int size() {
        return size;
    }

    /** Returns the number of set bits. */
    int count() {
        return count.get();
    }

    boolean isFull() {
        return count.get() == size;
    }

    boolean get(int index) {
        return (words.getAcquire(index >>> 6) & 1L << index) != 0;
    }

    /** Tells whether all bits from {@code first} to {@code last} are set; true for an empty range. */
    boolean allSet(int first, int last) {
        if (first > last) {
            return true;
        }
        int word = first >>> 6;
        int lastWord = last >>> 6;
        long mask = -1L << first;
        while (word < lastWord) {
            if ((words.getAcquire(word) & mask) != mask) {
                return false;
            }
            mask = -1L;
            word++;
        }
        mask &= -1L >>> 63 - (last & 63);
        return (words.getAcquire(word) & mask) == mask;
    }

    /** Sets a bit; tells whether it was clear. */
    boolean set(int index) {
        long bit = 1L << index;
        while (true) {
            long word = words.get(index >>> 6);
            if ((word & bit) != 0) {
                return false;
            }
            if (words.compareAndSet(index >>> 6, word, word | bit)) {
                count.incrementAndGet();
                return true;
            }
        }
    }

    /** Clears a bit; tells whether it was set. */
    boolean clear(int index) {
        long bit = 1L << index;
        while (true) {
            long word = words.get(index >>> 6);
            if ((word & bit) == 0) {
                return false;
            }
            if (words.compareAndSet(index >>> 6, word, word & ~bit)) {
                count.decrementAndGet();
                return true;
            }
        }
    }
}
