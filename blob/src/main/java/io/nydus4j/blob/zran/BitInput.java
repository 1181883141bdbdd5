package io.nydus4j.blob.zran;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Reads a stream by bits, the lowest of each byte first.
 *
 * <p>The decoding loop works on copies of the fields, which is why they are not private. Up to 63 bits are held in {@link #bits}; bits above
 * {@link #count} are right as far as they are set, so that a refill may set them again. Not safe for use by several threads.
 */
final class BitInput {
    /** Number of bytes that may be read ahead without a check after {@link #fill()}; zeros behind the end of the stream. */
    static final int MARGIN = 32;

    /** Reads eight bytes of an array as a little-endian number. */
    static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int CAPACITY = 1 << 16;

    /** Bytes before {@link #position} that are kept: those that {@link #bits} came from and one more. */
    private static final int KEPT = 16;

    private final InputStream source;

    /** Bytes of the stream and behind them {@link #MARGIN} bytes more. */
    final byte[] buffer = new byte[CAPACITY + MARGIN];

    /** Index of the next byte to go into {@link #bits}. */
    int position;

    /** The next bits. */
    long bits;

    /** How many of the bits count, 0 to 63. */
    int count;

    private int end;
    private boolean ended;
    private long base;

    /** Reads {@code source} from where it is; the caller closes it. */
    BitInput(InputStream source) {
        this.source = source;
    }

    /** Lets {@link #MARGIN} bytes lie ahead, as far as the stream has them. */
    void fill() throws IOException {
        if (ended || end - position >= MARGIN) {
            return;
        }
        int from = Math.max(0, position - KEPT);
        System.arraycopy(buffer, from, buffer, 0, end - from);
        base += from;
        position -= from;
        end -= from;
        while (end - position < MARGIN) {
            int read = source.read(buffer, end, CAPACITY - end);
            if (read < 0) {
                ended = true;
                Arrays.fill(buffer, end, end + MARGIN, (byte) 0);
                return;
            }
            end += read;
        }
    }

    /** Returns the last {@link #position} at which two refills are sure to stay within what {@link #fill()} gave. */
    int lastSafePosition() {
        return ended ? end + MARGIN - 24 : end - 16;
    }

    /** Takes bytes into {@link #bits} until at least 56 bits are there; at most twice after a {@link #fill()}. */
    void refill() {
        bits |= (long) LONG.get(buffer, position) << count;
        position += 63 - count >>> 3;
        count |= 56;
    }

    /** Takes {@code number} bits, at most 32. */
    int take(int number) throws IOException {
        fill();
        refill();
        int value = (int) (bits & (1L << number) - 1);
        drop(number);
        checkEnd();
        return value;
    }

    /** Removes bits that were looked at. */
    void drop(int number) {
        bits >>>= number;
        count -= number;
    }

    /** Skips to the next whole byte and gives back what was taken beyond it: {@link #bits} is empty then. */
    void align() {
        position -= count >>> 3;
        bits = 0;
        count = 0;
    }

    /** Takes up to {@code length} whole bytes after {@link #align()}, at least one. */
    int takeBytes(byte[] target, int offset, int length) throws IOException {
        fill();
        int taken = Math.min(length, end - position);
        if (taken <= 0) {
            throw cutOff();
        }
        System.arraycopy(buffer, position, target, offset, taken);
        position += taken;
        return taken;
    }

    /** Takes one whole byte after {@link #align()}. */
    int takeByte() throws IOException {
        fill();
        if (position >= end) {
            throw cutOff();
        }
        return buffer[position++] & 0xFF;
    }

    /** Tells whether no byte follows, after {@link #align()}. */
    boolean atEnd() throws IOException {
        fill();
        return position >= end;
    }

    /** Returns how many bits have been used, counted from the start of the stream. */
    long bitPosition() {
        return (base + position << 3) - count;
    }

    /** Returns the byte that holds the bit before {@link #bitPosition()}, 0 to 255. */
    int lastByte() {
        return buffer[(int) ((bitPosition() - 1 >>> 3) - base)] & 0xFF;
    }

    /**
     * Checks that no bit behind the end of the stream was used.
     *
     * @throws RafsFormatException if one was
     */
    void checkEnd() throws RafsFormatException {
        checkEnd(bitPosition());
    }

    /**
     * Checks that the stream does not end before a position up to which bits were looked at.
     *
     * @param bit counted from the start of the stream
     * @throws RafsFormatException if it does
     */
    void checkEnd(long bit) throws RafsFormatException {
        if (ended && bit > base + end << 3) {
            throw cutOff();
        }
    }

    private RafsFormatException cutOff() {
        return new RafsFormatException(GzipInflation.STRUCTURE, base + end, "is cut off");
    }
}
