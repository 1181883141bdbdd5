package io.nydus4j.blob.zran;

import io.nydus4j.blob.zran.HuffmanTable.Alphabet;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The two codes of a deflate block: fixed ones, or those that its header describes. Not safe for use by several threads. */
final class BlockCodes {
    private static final int MAX_LITERALS = 286;
    private static final int MAX_DISTANCES = 30;
    private static final int END_SYMBOL = 256;
    private static final byte[] LENGTH_ORDER = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

    private final HuffmanTable lengthCode = new HuffmanTable(Alphabet.CODE_LENGTHS);
    private final HuffmanTable literals = new HuffmanTable(Alphabet.LITERALS);
    private final HuffmanTable distances = new HuffmanTable(Alphabet.DISTANCES);
    private final byte[] lengths = new byte[MAX_LITERALS + MAX_DISTANCES + 4];
    private boolean fixed;

    /** Makes codes that are to be set before use. */
    BlockCodes() {}

    /** Returns the code of literals and lengths. */
    HuffmanTable literals() {
        return literals;
    }

    /** Returns the code of distances. */
    HuffmanTable distances() {
        return distances;
    }

    /** Sets the codes that the format fixes. */
    void setFixed() {
        if (fixed) {
            return;
        }
        Arrays.fill(lengths, 0, 144, (byte) 8);
        Arrays.fill(lengths, 144, 256, (byte) 9);
        Arrays.fill(lengths, 256, 280, (byte) 7);
        Arrays.fill(lengths, 280, 288, (byte) 8);
        literals.build(lengths, 0, 288);
        Arrays.fill(lengths, 0, 32, (byte) 5);
        distances.build(lengths, 0, 32);
        fixed = true;
    }

    /**
     * Reads the codes from the header of a dynamic block, behind its type.
     *
     * @return what is wrong with it; null if it is right
     */
    @Nullable
    String read(BitInput input) throws IOException {
        fixed = false;
        int literalCount = input.take(5) + 257;
        int distanceCount = input.take(5) + 1;
        int lengthCount = input.take(4) + 4;
        if (literalCount > MAX_LITERALS || distanceCount > MAX_DISTANCES) {
            return "too many length or distance symbols";
        }
        Arrays.fill(lengths, 0, LENGTH_ORDER.length, (byte) 0);
        for (int i = 0; i < lengthCount; i++) {
            lengths[LENGTH_ORDER[i]] = (byte) input.take(3);
        }
        if (!lengthCode.build(lengths, 0, LENGTH_ORDER.length)) {
            return "invalid code lengths set";
        }
        if (!readLengths(input, literalCount + distanceCount)) {
            return "invalid bit length repeat";
        }
        if (lengths[END_SYMBOL] == 0) {
            return "missing end-of-block code";
        }
        if (!literals.build(lengths, 0, literalCount)) {
            return "invalid literal/lengths set";
        }
        return distances.build(lengths, literalCount, distanceCount) ? null : "invalid distances set";
    }

    /** Reads the lengths of both codes, which runs may cross. */
    private boolean readLengths(BitInput input, int total) throws IOException {
        int[] entries = lengthCode.entries();
        int mask = (1 << lengthCode.rootBits()) - 1;
        int filled = 0;
        while (filled < total) {
            input.fill();
            input.refill();
            int entry = entries[(int) input.bits & mask];
            if ((entry & HuffmanTable.INVALID) != 0) {
                return false;
            }
            input.drop(entry & 63);
            input.checkEnd();
            int symbol = entry >>> 16;
            if (symbol < 16) {
                lengths[filled++] = (byte) symbol;
                continue;
            }
            if (symbol == 16 && filled == 0) {
                return false;
            }
            byte value = symbol == 16 ? lengths[filled - 1] : 0;
            int repeat = switch (symbol) {
                case 16 -> 3 + input.take(2);
                case 17 -> 3 + input.take(3);
                default -> 11 + input.take(7);
            };
            if (repeat > total - filled) {
                return false;
            }
            Arrays.fill(lengths, filled, filled + repeat, value);
            filled += repeat;
        }
        return true;
    }
}
