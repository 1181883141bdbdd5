package io.nydus4j.blob.zran;

import java.util.Arrays;

/**
 * A table that decodes the codes of one alphabet of a deflate block by look-up: the next {@link #rootBits()} bits of the stream choose an
 * entry, and for longer codes that entry names a second table.
 *
 * <p>An entry is one {@code int}, so that a look-up is one load:
 * <pre>
 *   literals     bit 31 set; bits 0-5 bits of all its codes, 8-15 first byte, 16-23 second byte, 24-25 number of bytes (1 or 2),
 *                26-29 bits of the first code alone
 *   value        bit 31 clear; bits 0-5 bits of code and extra bits, 8-11 bits of the code alone, 16-30 base value
 *   special      as value with bits 0-5 the code's, and one of {@link #SUBTABLE}, {@link #END}, {@link #INVALID}
 *   sub-table    {@link #SUBTABLE}; bits 0-5 number of index bits, 16-29 where it starts
 * </pre>
 *
 * <p>Accepts the same sets of code lengths as zlib does. Not safe for use by several threads.
 */
final class HuffmanTable {
    /** Marks an entry with one or two literal bytes: it is negative. */
    static final int LITERAL = 1 << 31;

    /** Marks the end of a block, in a table of literals and lengths. */
    static final int END = 1 << 14;

    /** Marks a code that must not occur. */
    static final int INVALID = 1 << 15;

    /** Marks an entry that leads to a second table. */
    static final int SUBTABLE = 1 << 13;

    /** Any of the marks that need a closer look. */
    static final int SPECIAL = END | INVALID | SUBTABLE;

    /** Longest code, in bits. */
    static final int MAX_BITS = 15;

    private static final int END_SYMBOL = 256;

    /** What symbols of an alphabet mean: entries without code lengths. */
    enum Alphabet {
        /** The lengths of codes, 0 to 18. */
        CODE_LENGTHS(19, 7, 7, false),
        /** Literal bytes, the end of a block and lengths of matches. */
        LITERALS(288, 11, MAX_BITS, true),
        /** Distances of matches. */
        DISTANCES(32, 8, MAX_BITS, true);

        private final int symbols;
        private final int maxRootBits;
        private final int maxBits;
        private final boolean singleCode;

        Alphabet(int symbols, int maxRootBits, int maxBits, boolean singleCode) {
            this.symbols = symbols;
            this.maxRootBits = maxRootBits;
            this.maxBits = maxBits;
            this.singleCode = singleCode;
        }

        /** Room for the first table and for as many second tables as there can be: each has two codes at least. */
        private int entries() {
            return (1 << maxRootBits) + symbols / 2 * (1 << maxBits - maxRootBits);
        }
    }

    private static final int[] LITERAL_MEANINGS = literalMeanings();
    private static final int[] DISTANCE_MEANINGS = distanceMeanings();
    private static final int[] CODE_LENGTH_MEANINGS = codeLengthMeanings();

    private final Alphabet alphabet;
    private final int[] meanings;
    private final int[] entries;
    private final int[] counts = new int[MAX_BITS + 1];
    private final int[] starts = new int[MAX_BITS + 2];
    private final short[] sorted;
    private int rootBits;

    /** Makes a table for {@code alphabet}; it is to be built before use. */
    HuffmanTable(Alphabet alphabet) {
        this.alphabet = alphabet;
        meanings = switch (alphabet) {
            case CODE_LENGTHS -> CODE_LENGTH_MEANINGS;
            case LITERALS -> LITERAL_MEANINGS;
            case DISTANCES -> DISTANCE_MEANINGS;
        };
        entries = new int[alphabet.entries()];
        sorted = new short[alphabet.symbols];
    }

    /** Returns the entries; they change when the table is built again. */
    int[] entries() {
        return entries;
    }

    /** Returns how many bits index the first table, 1 to 11. */
    int rootBits() {
        return rootBits;
    }

    /**
     * Builds the table from the lengths of its codes.
     *
     * @param lengths length of each symbol's code in bits, 0 for none
     * @param from    place of the first symbol's length
     * @param count   number of symbols, at most as many as the alphabet has
     * @return whether the lengths make a code
     */
    boolean build(byte[] lengths, int from, int count) {
        int longest = sort(lengths, from, count);
        if (longest < 0) {
            return false;
        }
        rootBits = Math.clamp(longest, 1, alphabet.maxRootBits);
        if (longest <= 1) {
            // The code may be incomplete: what it leaves free must not occur.
            Arrays.fill(entries, 0, 1 << rootBits, INVALID | 1);
        }
        int size = 1 << rootBits;
        int next = size;
        int code = 0;
        int index = 0;
        int openRoot = -1;
        for (int length = 1; length <= longest; length++) {
            for (int i = 0; i < counts[length]; i++) {
                int reversed = Integer.reverse(code) >>> 32 - length;
                if (length <= rootBits) {
                    fill(0, size, reversed, length, entry(sorted[index], length));
                } else {
                    int root = reversed & size - 1;
                    // Codes that share their first bits follow each other, the longest last.
                    if (root != openRoot) {
                        openRoot = root;
                        int bits = subtableBits(index, length);
                        entries[root] = SUBTABLE | next << 16 | bits;
                        next += 1 << bits;
                    }
                    int table = entries[root] >>> 16;
                    fill(
                            table,
                            1 << (entries[root] & 63),
                            reversed >>> rootBits,
                            length - rootBits,
                            entry(sorted[index], length));
                }
                code++;
                index++;
            }
            code <<= 1;
        }
        if (alphabet == Alphabet.LITERALS) {
            pairLiterals(size);
        }
        return true;
    }

    /** Sorts the symbols by code; returns the longest length, 0 if there is no code, or -1 if the lengths make none. */
    private int sort(byte[] lengths, int from, int count) {
        Arrays.fill(counts, 0);
        for (int i = 0; i < count; i++) {
            counts[lengths[from + i]]++;
        }
        counts[0] = 0;
        int longest = MAX_BITS;
        while (longest > 0 && counts[longest] == 0) {
            longest--;
        }
        int left = 1;
        starts[1] = 0;
        for (int length = 1; length <= MAX_BITS; length++) {
            left = (left << 1) - counts[length];
            if (left < 0) {
                return -1;
            }
            starts[length + 1] = starts[length] + counts[length];
        }
        if (left > 0 && longest > 0 && !(alphabet.singleCode && longest == 1)) {
            return -1;
        }
        for (int symbol = 0; symbol < count; symbol++) {
            int length = lengths[from + symbol];
            if (length != 0) {
                sorted[starts[length]++] = (short) symbol;
            }
        }
        for (int length = MAX_BITS; length > 0; length--) {
            starts[length] -= counts[length];
        }
        return longest;
    }

    /** Returns how many bits index the second table that the code at {@code index}, of {@code length} bits, opens. */
    private int subtableBits(int index, int length) {
        int bits = length - rootBits;
        int used = counts[length] - (index - starts[length]);
        int currentLength = length;
        while (used < 1 << bits && currentLength < MAX_BITS) {
            bits++;
            currentLength++;
            used = (used << 1) + counts[currentLength];
        }
        return bits;
    }

    private void fill(int start, int size, int first, int bits, int entry) {
        int step = 1 << bits;
        for (int i = first; i < size; i += step) {
            entries[start + i] = entry;
        }
    }

    private int entry(int symbol, int length) {
        int meaning = meanings[symbol];
        if (meaning < 0) {
            return meaning | length << 26 | length;
        }
        return (meaning & SPECIAL) != 0 ? meaning | length : meaning + (length << 8 | length);
    }

    /** Lets an entry give two literals where both codes fit into its index. */
    private void pairLiterals(int size) {
        for (int i = size - 1; i >= 0; i--) {
            int first = entries[i];
            if (first < 0) {
                int bits = first & 63;
                int second = entries[i >>> bits];
                // Entries below i are still single; the entry 0 follows itself.
                if (second < 0 && bits + (second & 63) <= rootBits) {
                    entries[i] = first + (second & 63) + (1 << 24) | (second & 0xFF00) << 8;
                }
            }
        }
    }

    private static int[] literalMeanings() {
        int[] result = new int[288];
        for (int symbol = 0; symbol < END_SYMBOL; symbol++) {
            result[symbol] = LITERAL | 1 << 24 | symbol << 8;
        }
        result[END_SYMBOL] = END;
        int base = 3;
        for (int symbol = 257; symbol < 285; symbol++) {
            int extra = symbol < 265 ? 0 : (symbol - 261) / 4;
            result[symbol] = base << 16 | extra;
            base += 1 << extra;
        }
        result[285] = 258 << 16;
        result[286] = INVALID;
        result[287] = INVALID;
        return result;
    }

    private static int[] distanceMeanings() {
        int[] result = new int[32];
        int base = 1;
        for (int symbol = 0; symbol < 30; symbol++) {
            int extra = symbol < 4 ? 0 : symbol / 2 - 1;
            result[symbol] = base << 16 | extra;
            base += 1 << extra;
        }
        result[30] = INVALID;
        result[31] = INVALID;
        return result;
    }

    private static int[] codeLengthMeanings() {
        int[] result = new int[19];
        for (int symbol = 0; symbol < result.length; symbol++) {
            result[symbol] = symbol << 16;
        }
        return result;
    }
}
