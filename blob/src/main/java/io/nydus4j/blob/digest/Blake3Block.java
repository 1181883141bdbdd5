package io.nydus4j.blob.digest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * BLAKE3's compression function on one block at a time, for single chunks and single parents.
 *
 * <p>Not safe for use by several threads.
 */
final class Blake3Block {
    static final int IV0 = 0x6A09E667;
    static final int IV1 = 0xBB67AE85;
    static final int IV2 = 0x3C6EF372;
    static final int IV3 = 0xA54FF53A;
    static final int IV4 = 0x510E527F;
    static final int IV5 = 0x9B05688C;
    static final int IV6 = 0x1F83D9AB;
    static final int IV7 = 0x5BE0CD19;

    /** First block of a chunk. */
    static final int CHUNK_START = 1;
    /** Last block of a chunk. */
    static final int CHUNK_END = 2;
    /** The block is a pair of chaining values. */
    static final int PARENT = 4;
    /** The block is the last of the whole tree. */
    static final int ROOT = 8;

    /** Length of a block, in bytes. */
    static final int BLOCK = 64;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

    private final int[] message = new int[16];
    private final byte[] padded = new byte[BLOCK];

    /**
     * Computes the chaining value of one chunk, or the digest of an input that is one chunk.
     *
     * @param length  0 to 1024 bytes; 0 only for empty input
     * @param counter index of the chunk
     * @param root    whether the chunk is the whole input
     * @param value   takes the 8 words
     */
    void chunk(byte[] data, int offset, int length, long counter, boolean root, int[] value) {
        value[0] = IV0;
        value[1] = IV1;
        value[2] = IV2;
        value[3] = IV3;
        value[4] = IV4;
        value[5] = IV5;
        value[6] = IV6;
        value[7] = IV7;
        int position = offset;
        int left = length;
        int flags = CHUNK_START;
        while (left > BLOCK) {
            load(data, position);
            compress(value, message, counter, BLOCK, flags);
            position += BLOCK;
            left -= BLOCK;
            flags = 0;
        }
        System.arraycopy(data, position, padded, 0, left);
        Arrays.fill(padded, left, BLOCK, (byte) 0);
        load(padded, 0);
        compress(value, message, counter, left, flags | CHUNK_END | (root ? ROOT : 0));
    }

    /**
     * Replaces a pair of chaining values by that of their parent.
     *
     * @param pair 16 words, left and right; the first 8 take the result
     * @param root whether the parent is the root, so that the result is the digest
     */
    void parent(int[] pair, boolean root) {
        System.arraycopy(pair, 0, message, 0, 16);
        pair[0] = IV0;
        pair[1] = IV1;
        pair[2] = IV2;
        pair[3] = IV3;
        pair[4] = IV4;
        pair[5] = IV5;
        pair[6] = IV6;
        pair[7] = IV7;
        compress(pair, message, 0, BLOCK, PARENT | (root ? ROOT : 0));
    }

    private void load(byte[] data, int offset) {
        for (int i = 0; i < 16; i++) {
            message[i] = (int) WORD.get(data, offset + 4 * i);
        }
    }

    /**
     * The seven rounds, on local variables so that state and message stay in registers and on the stack, without bounds checks: twice as
     * fast as with arrays. Longer than a screen for that reason.
     */
    private static void compress(int[] h, int[] m, long counter, int length, int flags) {
        int m0 = m[0];
        int m1 = m[1];
        int m2 = m[2];
        int m3 = m[3];
        int m4 = m[4];
        int m5 = m[5];
        int m6 = m[6];
        int m7 = m[7];
        int m8 = m[8];
        int m9 = m[9];
        int m10 = m[10];
        int m11 = m[11];
        int m12 = m[12];
        int m13 = m[13];
        int m14 = m[14];
        int m15 = m[15];
        int v0 = h[0];
        int v1 = h[1];
        int v2 = h[2];
        int v3 = h[3];
        int v4 = h[4];
        int v5 = h[5];
        int v6 = h[6];
        int v7 = h[7];
        int v8 = IV0;
        int v9 = IV1;
        int v10 = IV2;
        int v11 = IV3;
        int v12 = (int) counter;
        int v13 = (int) (counter >>> 32);
        int v14 = length;
        int v15 = flags;
        for (int round = 0; round < 7; round++) {
            v0 += v4 + m0;
            v12 ^= v0;
            v12 = v12 >>> 16 | v12 << 16;
            v8 += v12;
            v4 ^= v8;
            v4 = v4 >>> 12 | v4 << 20;
            v0 += v4 + m1;
            v12 ^= v0;
            v12 = v12 >>> 8 | v12 << 24;
            v8 += v12;
            v4 ^= v8;
            v4 = v4 >>> 7 | v4 << 25;
            v1 += v5 + m2;
            v13 ^= v1;
            v13 = v13 >>> 16 | v13 << 16;
            v9 += v13;
            v5 ^= v9;
            v5 = v5 >>> 12 | v5 << 20;
            v1 += v5 + m3;
            v13 ^= v1;
            v13 = v13 >>> 8 | v13 << 24;
            v9 += v13;
            v5 ^= v9;
            v5 = v5 >>> 7 | v5 << 25;
            v2 += v6 + m4;
            v14 ^= v2;
            v14 = v14 >>> 16 | v14 << 16;
            v10 += v14;
            v6 ^= v10;
            v6 = v6 >>> 12 | v6 << 20;
            v2 += v6 + m5;
            v14 ^= v2;
            v14 = v14 >>> 8 | v14 << 24;
            v10 += v14;
            v6 ^= v10;
            v6 = v6 >>> 7 | v6 << 25;
            v3 += v7 + m6;
            v15 ^= v3;
            v15 = v15 >>> 16 | v15 << 16;
            v11 += v15;
            v7 ^= v11;
            v7 = v7 >>> 12 | v7 << 20;
            v3 += v7 + m7;
            v15 ^= v3;
            v15 = v15 >>> 8 | v15 << 24;
            v11 += v15;
            v7 ^= v11;
            v7 = v7 >>> 7 | v7 << 25;
            v0 += v5 + m8;
            v15 ^= v0;
            v15 = v15 >>> 16 | v15 << 16;
            v10 += v15;
            v5 ^= v10;
            v5 = v5 >>> 12 | v5 << 20;
            v0 += v5 + m9;
            v15 ^= v0;
            v15 = v15 >>> 8 | v15 << 24;
            v10 += v15;
            v5 ^= v10;
            v5 = v5 >>> 7 | v5 << 25;
            v1 += v6 + m10;
            v12 ^= v1;
            v12 = v12 >>> 16 | v12 << 16;
            v11 += v12;
            v6 ^= v11;
            v6 = v6 >>> 12 | v6 << 20;
            v1 += v6 + m11;
            v12 ^= v1;
            v12 = v12 >>> 8 | v12 << 24;
            v11 += v12;
            v6 ^= v11;
            v6 = v6 >>> 7 | v6 << 25;
            v2 += v7 + m12;
            v13 ^= v2;
            v13 = v13 >>> 16 | v13 << 16;
            v8 += v13;
            v7 ^= v8;
            v7 = v7 >>> 12 | v7 << 20;
            v2 += v7 + m13;
            v13 ^= v2;
            v13 = v13 >>> 8 | v13 << 24;
            v8 += v13;
            v7 ^= v8;
            v7 = v7 >>> 7 | v7 << 25;
            v3 += v4 + m14;
            v14 ^= v3;
            v14 = v14 >>> 16 | v14 << 16;
            v9 += v14;
            v4 ^= v9;
            v4 = v4 >>> 12 | v4 << 20;
            v3 += v4 + m15;
            v14 ^= v3;
            v14 = v14 >>> 8 | v14 << 24;
            v9 += v14;
            v4 ^= v9;
            v4 = v4 >>> 7 | v4 << 25;
            // The next round takes the words in another order.
            int first = m0;
            m0 = m2;
            m2 = m3;
            m3 = m10;
            m10 = m12;
            m12 = m9;
            m9 = m11;
            m11 = m5;
            m5 = first;
            int second = m1;
            m1 = m6;
            m6 = m4;
            m4 = m7;
            m7 = m13;
            m13 = m14;
            m14 = m15;
            m15 = m8;
            m8 = second;
        }
        h[0] = v0 ^ v8;
        h[1] = v1 ^ v9;
        h[2] = v2 ^ v10;
        h[3] = v3 ^ v11;
        h[4] = v4 ^ v12;
        h[5] = v5 ^ v13;
        h[6] = v6 ^ v14;
        h[7] = v7 ^ v15;
    }
}
