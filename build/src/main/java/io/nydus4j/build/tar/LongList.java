package io.nydus4j.build.tar;

import java.util.Arrays;

/** Numbers being collected, up to a limit. */
final class LongList {
    private final int limit;
    private long[] values = new long[16];
    private int size;

    LongList(int limit) {
        this.limit = limit;
    }

    /**
     * Adds a number.
     *
     * @throws IllegalArgumentException if that is one too many
     */
    void add(long value) {
        if (size >= limit) {
            throw new IllegalArgumentException(
                    "a sparse file has more than " + limit / 2 + " pieces, which is the limit");
        }
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        values[size++] = value;
    }

    int size() {
        return size;
    }

    long[] toArray() {
        return Arrays.copyOf(values, size);
    }
}
