package io.nydus4j.blob.digest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * BLAKE3's compression function on many blocks side by side.
 *
 * <p>Word {@code w} of all lanes lies in one row, an {@code int[]}; a step of the compression function is one loop over four rows of
 * state and two of message, which C2 compiles to vector instructions. The number of lanes is a constant in each loop: C2 then needs no
 * profile to unroll it, and short inputs do not spoil the code for long ones. So there are three widths, {@value #WIDE}, {@value #MIDDLE} and
 * {@value #NARROW} lanes; what is too little for a width is filled up with lanes whose result nobody takes, and a few chunks or parents take
 * the scalar way, which is faster then.
 *
 * <p>Chaining values rest in rows too, at the index of their chunk or parent in the subtree at hand. Not safe for use by several
 * threads.
 */
final class Blake3Rows {
    /** Lanes computed side by side, at most, ... */
    static final int WIDE = 256;

    /** ... for middling inputs, ... */
    private static final int MIDDLE = 64;

    /** ... and for short ones. */
    private static final int NARROW = 16;

    /**
     * Length of a row. Of rows of {@value #WIDE} every fourth, as a step takes them, would lie 4096 and 64 bytes behind the other: processors
     * that compare the lower 12 bits of addresses then have loads wait for stores before them, and digests are up to a third slower.
     */
    private static final int ROW = WIDE + 32;

    /** Up to this many lanes the scalar way is faster than {@link #NARROW}. */
    private static final int SCALAR = 8;

    private static final int CHUNK = Blake3.CHUNK;

    private static final VarHandle TWO_WORDS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    /** Rows of state that each step of a round mixes: columns, then diagonals. */
    private static final int[][] QUARTERS = {
        {0, 4, 8, 12}, {1, 5, 9, 13}, {2, 6, 10, 14}, {3, 7, 11, 15},
        {0, 5, 10, 15}, {1, 6, 11, 12}, {2, 7, 8, 13}, {3, 4, 9, 14},
    };

    /** Which words of the message each round takes, in order of use. */
    private static final int[][] SCHEDULE = schedule();

    private final int[][] state = new int[16][ROW];
    private final int[][] message = new int[16][ROW];
    private final int[][] values;
    /** Where each lane's chunk starts in the data, and its index in its input. */
    private final int[] places = new int[WIDE];

    private final long[] counters = new long[WIDE];
    private int lanes;
    private final Blake3Block block = new Blake3Block();
    private final int[] words = new int[16];

    /** @param maxValues number of chaining values that can be held */
    Blake3Rows(int maxValues) {
        values = new int[8][maxValues + 1];
    }

    /**
     * Computes the chaining values of whole chunks, from index 0.
     *
     * @param count   number of chunks, 0 to the maximum
     * @param counter index of the first chunk in the input
     */
    void chunks(byte[] data, int offset, int count, long counter) {
        int done = 0;
        while (done < count) {
            int lanes = lanesOf(count - done);
            if (lanes <= SCALAR) {
                block.chunk(data, offset + done * CHUNK, CHUNK, counter + done, false, words);
                setValueAt(done, words);
                done++;
            } else {
                addLanes(offset + done * CHUNK, lanes, counter + done);
                runLanes(data, done);
                done += lanes;
            }
        }
    }

    /** Adds the next {@code count} lanes, at most {@value #WIDE} in all, for chunks that lie one behind the other. */
    void addLanes(int offset, int count, long counter) {
        for (int i = 0; i < count; i++) {
            places[lanes + i] = offset + i * CHUNK;
            counters[lanes + i] = counter + i;
        }
        lanes += count;
    }

    /** Returns how many of the {@code left} chunks or parents to take next. */
    private static int lanesOf(int left) {
        if (left > 2 * MIDDLE) {
            return Math.min(left, WIDE);
        }
        return Math.min(left, MIDDLE);
    }

    /** Returns the width that takes {@code lanes} lanes. */
    private static int widthOf(int lanes) {
        if (lanes > MIDDLE) {
            return WIDE;
        }
        return lanes > NARROW ? MIDDLE : NARROW;
    }

    /** Reduces the first {@code count} values, a power of two, to one. */
    void reduceToOne(int count) {
        for (int left = count; left > 1; left /= 2) {
            parents(left / 2);
        }
    }

    /**
     * Reduces the first {@code count} values level by level, an odd one out moving up as it is, until at most two are left.
     *
     * @return how many are left: 1 or 2
     */
    int reduceToTwo(int count) {
        int left = count;
        while (left > 2) {
            int pairs = left / 2;
            parents(pairs);
            if ((left & 1) != 0) {
                for (int[] row : values) {
                    row[pairs] = row[left - 1];
                }
                pairs++;
            }
            left = pairs;
        }
        return left;
    }

    /** Copies the value at {@code index} to the first 8 words of {@code target}. */
    void valueAt(int index, int[] target) {
        for (int w = 0; w < 8; w++) {
            target[w] = values[w][index];
        }
    }

    /** Copies the values at {@code index} and behind it to the 16 words of {@code target}. */
    void pairAt(int index, int[] target) {
        for (int w = 0; w < 8; w++) {
            target[w] = values[w][index];
            target[w + 8] = values[w][index + 1];
        }
    }

    /** Sets the value at {@code index} to the first 8 words of {@code source}. */
    void setValueAt(int index, int[] source) {
        for (int w = 0; w < 8; w++) {
            values[w][index] = source[w];
        }
    }

    /** Computes the chaining values of all lanes added, to be at {@code target} and behind it; then there are none. */
    void runLanes(byte[] data, int target) {
        int[][] v = state;
        int width = widthOf(lanes);
        startValues(width);
        for (int i = 0; i < 16; i++) {
            load(data, i * Blake3Block.BLOCK, lanes);
            setCounters(width);
            int flags = (i == 0 ? Blake3Block.CHUNK_START : 0) | (i == 15 ? Blake3Block.CHUNK_END : 0);
            compress(width, flags);
        }
        for (int w = 0; w < 8; w++) {
            System.arraycopy(v[w], 0, values[w], target, lanes);
        }
        lanes = 0;
    }

    /** Returns how many lanes have been added. */
    int lanes() {
        return lanes;
    }

    /** Copies {@code count} values, to index 0. */
    void moveToStart(int from, int count) {
        for (int[] row : values) {
            System.arraycopy(row, from, row, 0, count);
        }
    }

    private void setCounters(int width) {
        int[] low = state[12];
        int[] high = state[13];
        for (int i = 0; i < width; i++) {
            low[i] = (int) counters[i];
            high[i] = (int) (counters[i] >>> 32);
        }
    }

    /** Replaces the first {@code 2 * count} values by those of their parents. */
    private void parents(int count) {
        int done = 0;
        while (done < count) {
            int lanes = lanesOf(count - done);
            if (lanes <= SCALAR) {
                pairAt(2 * done, words);
                block.parent(words, false);
                setValueAt(done, words);
                done++;
            } else {
                lanesOfParents(done, lanes);
                done += lanes;
            }
        }
    }

    private void lanesOfParents(int first, int lanes) {
        int width = widthOf(lanes);
        for (int w = 0; w < 8; w++) {
            pairs(values[w], 2 * first, message[w], message[w + 8], lanes);
        }
        startValues(width);
        Arrays.fill(state[12], 0, width, 0);
        Arrays.fill(state[13], 0, width, 0);
        compress(width, Blake3Block.PARENT);
        for (int w = 0; w < 8; w++) {
            System.arraycopy(state[w], 0, values[w], first, lanes);
        }
    }

    private static void pairs(int[] row, int from, int[] left, int[] right, int lanes) {
        for (int i = 0; i < lanes; i++) {
            left[i] = row[from + 2 * i];
            right[i] = row[from + 2 * i + 1];
        }
    }

    private void startValues(int width) {
        int[][] v = state;
        Arrays.fill(v[0], 0, width, Blake3Block.IV0);
        Arrays.fill(v[1], 0, width, Blake3Block.IV1);
        Arrays.fill(v[2], 0, width, Blake3Block.IV2);
        Arrays.fill(v[3], 0, width, Blake3Block.IV3);
        Arrays.fill(v[4], 0, width, Blake3Block.IV4);
        Arrays.fill(v[5], 0, width, Blake3Block.IV5);
        Arrays.fill(v[6], 0, width, Blake3Block.IV6);
        Arrays.fill(v[7], 0, width, Blake3Block.IV7);
    }

    /** Reads the block at {@code offset} of each lane's chunk into the message rows. */
    private void load(byte[] data, int offset, int lanes) {
        int[][] m = message;
        for (int w = 0; w < 16; w += 2) {
            loadTwo(data, places, offset + 4 * w, lanes, m[w], m[w + 1]);
        }
    }

    private static void loadTwo(byte[] data, int[] places, int offset, int lanes, int[] even, int[] odd) {
        for (int i = 0; i < lanes; i++) {
            long two = (long) TWO_WORDS.get(data, places[i] + offset);
            even[i] = (int) two;
            odd[i] = (int) (two >>> 32);
        }
    }

    /** Compresses the message rows into the first 8 state rows; rows 12 and 13 hold the counter and are lost. */
    private void compress(int width, int flags) {
        int[][] v = state;
        int[][] m = message;
        Arrays.fill(v[8], 0, width, Blake3Block.IV0);
        Arrays.fill(v[9], 0, width, Blake3Block.IV1);
        Arrays.fill(v[10], 0, width, Blake3Block.IV2);
        Arrays.fill(v[11], 0, width, Blake3Block.IV3);
        Arrays.fill(v[14], 0, width, Blake3Block.BLOCK);
        Arrays.fill(v[15], 0, width, flags);
        // One call, so that C2 has a small method to compile: with one for each quarter it takes half a second.
        for (int[] s : SCHEDULE) {
            for (int i = 0; i < 8; i++) {
                int[] q = QUARTERS[i];
                mix(width, v[q[0]], v[q[1]], v[q[2]], v[q[3]], m[s[2 * i]], m[s[2 * i + 1]]);
            }
        }
        for (int w = 0; w < 8; w++) {
            xor(width, v[w], v[w + 8]);
        }
    }

    /** The quarter round G on one column or diagonal of all lanes. */
    private static void mix(int width, int[] a, int[] b, int[] c, int[] d, int[] x, int[] y) {
        if (width == WIDE) {
            mixWide(a, b, c, d, x, y);
        } else if (width == MIDDLE) {
            mixMiddle(a, b, c, d, x, y);
        } else {
            mixNarrow(a, b, c, d, x, y);
        }
    }

    private static void mixWide(int[] a, int[] b, int[] c, int[] d, int[] x, int[] y) {
        for (int i = 0; i < WIDE; i++) {
            mixLane(i, a, b, c, d, x, y);
        }
    }

    private static void mixMiddle(int[] a, int[] b, int[] c, int[] d, int[] x, int[] y) {
        for (int i = 0; i < MIDDLE; i++) {
            mixLane(i, a, b, c, d, x, y);
        }
    }

    private static void mixNarrow(int[] a, int[] b, int[] c, int[] d, int[] x, int[] y) {
        for (int i = 0; i < NARROW; i++) {
            mixLane(i, a, b, c, d, x, y);
        }
    }

    /** Rotates by shifts, which C2 turns into one instruction: a call it now and then leaves a call, and all is four times as slow. */
    private static void mixLane(int i, int[] a, int[] b, int[] c, int[] d, int[] x, int[] y) {
        int va = a[i];
        int vb = b[i];
        int vc = c[i];
        int vd = d[i];
        va = va + vb + x[i];
        vd ^= va;
        vd = vd >>> 16 | vd << 16;
        vc = vc + vd;
        vb ^= vc;
        vb = vb >>> 12 | vb << 20;
        va = va + vb + y[i];
        vd ^= va;
        vd = vd >>> 8 | vd << 24;
        vc = vc + vd;
        vb ^= vc;
        vb = vb >>> 7 | vb << 25;
        a[i] = va;
        b[i] = vb;
        c[i] = vc;
        d[i] = vd;
    }

    private static void xor(int width, int[] a, int[] b) {
        for (int i = 0; i < width; i++) {
            a[i] ^= b[i];
        }
    }

    private static int[][] schedule() {
        int[] permutation = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
        int[][] schedule = new int[7][16];
        for (int i = 0; i < 16; i++) {
            schedule[0][i] = i;
        }
        for (int round = 1; round < 7; round++) {
            for (int i = 0; i < 16; i++) {
                schedule[round][i] = schedule[round - 1][permutation[i]];
            }
        }
        return schedule;
    }
}
