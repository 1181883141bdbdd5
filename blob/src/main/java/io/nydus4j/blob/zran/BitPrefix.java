package io.nydus4j.blob.zran;

import java.util.Arrays;

/**
 * Empty deflate blocks that bring a decoder to a given bit of a byte.
 *
 * <p>{@link java.util.zip.Inflater} can start only at whole bytes. To start at bit {@code s} of a byte it is fed a prefix whose length is
 * {@code s} modulo 8 bits and that decodes to nothing, so that what follows keeps its place in its byte, as stored blocks and member
 * trailers need. An empty block with fixed codes has 10 bits, so one to three of them give the even shifts; for the odd ones an empty block
 * with dynamic codes of 93 bits comes first.
 */
final class BitPrefix {
    /** Prefixes by shift, 1 to 7; the unused high bits of the last byte are zero. */
    private static final byte[][] BY_SHIFT = byShift();

    private BitPrefix() {}

    /**
     * Returns a prefix that ends behind the low {@code shift} bits of its last byte.
     *
     * @param shift number of bits already read, 1 to 7
     * @param last  the byte that holds them, 0 to 255; its other bits become those of the prefix's last byte
     */
    static byte[] of(int shift, int last) {
        byte[] prefix = BY_SHIFT[shift].clone();
        prefix[prefix.length - 1] |= (byte) (last & 0xFF << shift);
        return prefix;
    }

    private static byte[][] byShift() {
        byte[][] prefixes = new byte[8][];
        for (int shift = 1; shift < 8; shift++) {
            Bits bits = new Bits();
            if ((shift & 1) != 0) {
                emptyDynamicBlock(bits);
            }
            while (bits.length % 8 != shift) {
                bits.put(0b01_0, 3);
                bits.put(0, 7);
            }
            prefixes[shift] = Arrays.copyOf(bits.bytes, (bits.length + 7) / 8);
        }
        return prefixes;
    }

    /** A block whose only codes are end-of-block and one distance; the code lengths are run-length coded. */
    private static void emptyDynamicBlock(Bits bits) {
        bits.put(0b10_0, 3);
        bits.put(0, 5); // 257 literal and length codes
        bits.put(0, 5); // 1 distance code
        bits.put(14, 4); // 18 code length codes, in the order 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1
        for (int symbol : new int[] {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1}) {
            bits.put(symbol == 1 ? 1 : symbol == 0 || symbol == 18 ? 2 : 0, 3);
        }
        // Canonical codes: 1 is 0, 0 is 10, 18 is 11, first bit first.
        bits.put(0b11, 2);
        bits.put(138 - 11, 7);
        bits.put(0b11, 2);
        bits.put(118 - 11, 7);
        bits.put(0, 1); // end-of-block has length 1
        bits.put(0b01, 2); // the distance code has length 0
        bits.put(0, 1); // end-of-block
    }

    /** A growing row of bits, the first in the lowest bit of the first byte. */
    private static final class Bits {
        private final byte[] bytes = new byte[32];
        private int length;

        void put(int value, int count) {
            for (int i = 0; i < count; i++) {
                bytes[length / 8] |= (byte) ((value >>> i & 1) << length % 8);
                length++;
            }
        }
    }
}
