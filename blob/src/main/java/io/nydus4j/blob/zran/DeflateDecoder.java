package io.nydus4j.blob.zran;

import static io.nydus4j.blob.zran.BitInput.LONG;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Decompresses deflate blocks (RFC 1951) one by one into a window.
 *
 * <p>Most bytes pass through {@link #decodeFast}, which looks codes up in tables, writes two literals at a time and copies matches by eight
 * bytes. It is written for speed: with the state in local variables, and long for that reason. Not safe for use by several threads.
 */
final class DeflateDecoder {
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    /** Most bytes that a round of the fast loop writes before it looks at the limit, a match aside. */
    private static final int FAST_LITERALS = 6;

    /** Where the decoder is within a block. */
    private enum Place {
        BETWEEN_BLOCKS,
        STORED,
        CODES
    }

    private final BitInput input;
    private final InflateWindow window;
    private final BlockCodes codes = new BlockCodes();
    private Place place = Place.BETWEEN_BLOCKS;
    private boolean lastBlock;
    private int storedLeft;

    /** Decompresses {@code input} into {@code window}. */
    DeflateDecoder(BitInput input, InflateWindow window) {
        this.input = input;
        this.window = window;
    }

    /** Tells whether the next thing in the input is a block's header, or what follows the last block. */
    boolean betweenBlocks() {
        return place == Place.BETWEEN_BLOCKS;
    }

    /** Tells whether the block that ended last is the last one of the stream. */
    boolean afterLastBlock() {
        return place == Place.BETWEEN_BLOCKS && lastBlock;
    }

    /** Begins a stream. */
    void begin() {
        place = Place.BETWEEN_BLOCKS;
        lastBlock = false;
    }

    /**
     * Decompresses until the window is filled up to {@code limit} or a block has ended; begins a block if it is between two.
     *
     * @throws RafsFormatException if the stream is malformed
     */
    void decode(int limit) throws IOException {
        if (place == Place.BETWEEN_BLOCKS) {
            beginBlock();
        }
        if (place == Place.STORED) {
            copyStored(limit);
            return;
        }
        while (place == Place.CODES && window.end < limit) {
            input.fill();
            if (window.end < limit - FAST_LITERALS) {
                decodeFast(limit - FAST_LITERALS);
            } else {
                decodeSymbol(limit);
            }
            input.checkEnd();
        }
    }

    private void beginBlock() throws IOException {
        lastBlock = input.take(1) != 0;
        switch (input.take(2)) {
            case 0 -> {
                input.align();
                int length = input.takeByte() | input.takeByte() << 8;
                int complement = input.takeByte() | input.takeByte() << 8;
                if (length != (complement ^ 0xFFFF)) {
                    throw broken("invalid stored block lengths");
                }
                storedLeft = length;
                place = Place.STORED;
            }
            case 1 -> {
                codes.setFixed();
                place = Place.CODES;
            }
            case 2 -> {
                String problem = codes.read(input);
                if (problem != null) {
                    throw broken(problem);
                }
                place = Place.CODES;
            }
            default -> throw broken("invalid block type");
        }
    }

    private void copyStored(int limit) throws IOException {
        while (storedLeft > 0 && window.end < limit) {
            int count = input.takeBytes(window.bytes, window.end, Math.min(storedLeft, limit - window.end));
            window.end += count;
            storedLeft -= count;
        }
        if (storedLeft == 0) {
            place = Place.BETWEEN_BLOCKS;
        }
    }

    /**
     * Decodes until {@code limit} is reached, the block has ended or the input must be filled. Each round has at most six literals and a
     * match behind them.
     */
    private void decodeFast(int limit) throws RafsFormatException {
        byte[] in = input.buffer;
        int position = input.position;
        int safe = input.lastSafePosition();
        long bits = input.bits;
        int count = input.count;
        byte[] out = window.bytes;
        int end = window.end;
        int start = window.start;
        int[] literals = codes.literals().entries();
        int literalRoot = codes.literals().rootBits();
        int literalMask = (1 << literalRoot) - 1;
        int[] distances = codes.distances().entries();
        int distanceRoot = codes.distances().rootBits();
        int distanceMask = (1 << distanceRoot) - 1;
        @Nullable String problem = null;
        while (end < limit && position <= safe) {
            bits |= (long) LONG.get(in, position) << count;
            position += 63 - count >>> 3;
            count |= 56;
            int entry = literals[(int) bits & literalMask];
            if (entry < 0) {
                bits >>>= entry;
                count -= entry & 63;
                SHORT.set(out, end, (short) (entry >>> 8));
                end += entry >>> 24 & 3;
                entry = literals[(int) bits & literalMask];
                if (entry < 0) {
                    bits >>>= entry;
                    count -= entry & 63;
                    SHORT.set(out, end, (short) (entry >>> 8));
                    end += entry >>> 24 & 3;
                    entry = literals[(int) bits & literalMask];
                    if (entry < 0) {
                        bits >>>= entry;
                        count -= entry & 63;
                        SHORT.set(out, end, (short) (entry >>> 8));
                        end += entry >>> 24 & 3;
                        continue;
                    }
                }
                bits |= (long) LONG.get(in, position) << count;
                position += 63 - count >>> 3;
                count |= 56;
            }
            if ((entry & HuffmanTable.SPECIAL) != 0) {
                if ((entry & HuffmanTable.SUBTABLE) != 0) {
                    entry = literals[(entry >>> 16) + ((int) (bits >>> literalRoot) & (1 << entry) - 1)];
                    if (entry < 0) {
                        bits >>>= entry;
                        count -= entry & 63;
                        out[end++] = (byte) (entry >>> 8);
                        continue;
                    }
                }
                if ((entry & HuffmanTable.SPECIAL) != 0) {
                    bits >>>= entry;
                    count -= entry & 63;
                    if ((entry & HuffmanTable.END) != 0) {
                        place = Place.BETWEEN_BLOCKS;
                    } else {
                        problem = "invalid literal/length code";
                    }
                    break;
                }
            }
            int length = (entry >>> 16) + (int) ((bits & (1L << entry) - 1) >>> (entry >>> 8));
            bits >>>= entry;
            count -= entry & 63;
            entry = distances[(int) bits & distanceMask];
            if ((entry & HuffmanTable.SPECIAL) != 0) {
                if ((entry & HuffmanTable.SUBTABLE) != 0) {
                    entry = distances[(entry >>> 16) + ((int) (bits >>> distanceRoot) & (1 << entry) - 1)];
                }
                if ((entry & HuffmanTable.SPECIAL) != 0) {
                    problem = "invalid distance code";
                    break;
                }
            }
            int distance = (entry >>> 16) + (int) ((bits & (1L << entry) - 1) >>> (entry >>> 8));
            bits >>>= entry;
            count -= entry & 63;
            if (distance > end - start) {
                problem = "invalid distance too far back";
                break;
            }
            int to = end + length;
            int from = end - distance;
            if (distance >= 8) {
                do {
                    LONG.set(out, end, (long) LONG.get(out, from));
                    end += 8;
                    from += 8;
                } while (end < to);
            } else if (distance == 1) {
                long run = (out[from] & 0xFF) * 0x0101010101010101L;
                do {
                    LONG.set(out, end, run);
                    end += 8;
                } while (end < to);
            } else {
                while (end < to) {
                    out[end++] = out[from++];
                }
            }
            end = to;
        }
        input.position = position;
        input.bits = bits;
        input.count = count;
        window.end = end;
        if (problem != null) {
            // Bits behind the end of the stream are no better, but not the reason.
            input.checkEnd();
            throw broken(problem);
        }
    }

    /** Decodes one literal or match, or the end of the block; of a pair of literals only the first if the second is past {@code limit}. */
    private void decodeSymbol(int limit) throws RafsFormatException {
        input.refill();
        int entry = nextEntry();
        if (entry < 0) {
            boolean both = (entry & 2 << 24) != 0 && window.end < limit - 1;
            input.drop(both ? entry & 63 : firstBits(entry));
            window.bytes[window.end++] = (byte) (entry >>> 8);
            if (both) {
                window.bytes[window.end++] = (byte) (entry >>> 16);
            }
        } else if ((entry & HuffmanTable.END) != 0) {
            input.drop(entry & 63);
            place = Place.BETWEEN_BLOCKS;
        } else if ((entry & HuffmanTable.SPECIAL) != 0) {
            input.checkEnd();
            throw broken("invalid literal/length code");
        } else {
            int length = takeValue(entry);
            input.refill();
            int distanceEntry = nextDistance();
            if ((distanceEntry & HuffmanTable.SPECIAL) != 0) {
                input.checkEnd();
                throw broken("invalid distance code");
            }
            int distance = takeValue(distanceEntry);
            if (distance > window.end - window.start) {
                input.checkEnd();
                throw broken("invalid distance too far back");
            }
            for (int i = 0; i < length; i++) {
                window.bytes[window.end] = window.bytes[window.end - distance];
                window.end++;
            }
        }
    }

    /**
     * Tells how many bits the next symbol has: a literal's, or a match's with all that belongs to it. Between blocks and in a stored block
     * there is no symbol, so 0. A code that must not occur counts with the bits that show it.
     */
    int nextSymbolBits() throws IOException {
        if (place != Place.CODES) {
            return 0;
        }
        input.fill();
        input.refill();
        int entry = nextEntry();
        if (entry < 0) {
            return firstBits(entry);
        }
        int used = entry & 63;
        if ((entry & HuffmanTable.SPECIAL) == 0) {
            long bits = input.bits;
            input.bits >>>= used;
            used += nextDistance() & 63;
            input.bits = bits;
        }
        return used;
    }

    /** Tells whether the next symbol is the end of the block; after {@link #nextSymbolBits()}. */
    boolean nextEndsBlock() {
        int entry = place == Place.CODES ? nextEntry() : 0;
        return entry >= 0 && (entry & HuffmanTable.END) != 0;
    }

    /** Ends the block, after {@link #nextEndsBlock()} has said so. */
    void endBlock() throws RafsFormatException {
        input.drop(nextEntry() & 63);
        place = Place.BETWEEN_BLOCKS;
        input.checkEnd();
    }

    private int nextEntry() {
        return find(codes.literals());
    }

    private int nextDistance() {
        return find(codes.distances());
    }

    private int find(HuffmanTable table) {
        int[] entries = table.entries();
        int root = table.rootBits();
        int entry = entries[(int) input.bits & (1 << root) - 1];
        if (entry >= 0 && (entry & HuffmanTable.SUBTABLE) != 0) {
            entry = entries[(entry >>> 16) + ((int) (input.bits >>> root) & (1 << entry) - 1)];
        }
        return entry;
    }

    private static int firstBits(int entry) {
        return entry >>> 26 & 15;
    }

    private int takeValue(int entry) {
        int value = (entry >>> 16) + (int) ((input.bits & (1L << entry) - 1) >>> (entry >>> 8));
        input.drop(entry & 63);
        return value;
    }

    private RafsFormatException broken(String problem) {
        return new RafsFormatException(GzipInflation.STRUCTURE, input.bitPosition() + 7 >>> 3, problem);
    }
}
