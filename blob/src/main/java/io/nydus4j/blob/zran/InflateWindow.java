package io.nydus4j.blob.zran;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * The decompressed bytes that matter now: those that the reader has not taken yet, and up to 32 KiB before them, which matches may copy.
 *
 * <p>The decoding loop works on copies of the fields. Not safe for use by several threads.
 */
final class InflateWindow {
    /** How far a match may reach back, in bytes. */
    static final int HISTORY = 32768;

    /** Where decoding must stop, in {@link #bytes}: a match may then run on for up to {@link #SLACK} bytes. */
    static final int CAPACITY = HISTORY + (96 << 10);

    private static final int SLACK = 258 + 16;

    /** The bytes. */
    final byte[] bytes = new byte[CAPACITY + SLACK];

    /** Index of the first byte of the current member that matches may copy. */
    int start;

    /** Index behind the last decompressed byte. */
    int end;

    private int taken;
    private int summed;
    private long base;
    private final CRC32 crc = new CRC32();
    private long memberStart;

    /** Index behind the last byte of the marked place. */
    private int mark;

    private final byte[] saved = new byte[HISTORY];
    private int savedLength;
    private boolean isSaved;

    /** Makes an empty window. */
    InflateWindow() {}

    /** Returns how many bytes the reader has taken since the beginning. */
    long takenBytes() {
        return base + taken;
    }

    /** Returns how many decompressed bytes wait to be taken. */
    int waiting() {
        return end - taken;
    }

    /** Gives waiting bytes to the reader, as many as there is room for. */
    void take(ByteBuffer target) {
        int count = Math.min(target.remaining(), end - taken);
        target.put(bytes, taken, count);
        taken += count;
    }

    /** Returns the index up to which to decompress for a reader that wants {@code length} bytes, when no bytes wait. */
    int limit(int length) {
        if (taken >= CAPACITY) {
            slide();
        }
        return Math.min(CAPACITY - taken, length) + taken;
    }

    private void slide() {
        sum();
        int shift = end - HISTORY;
        if (!isSaved) {
            save();
        }
        System.arraycopy(bytes, shift, bytes, 0, HISTORY);
        base += shift;
        end -= shift;
        taken -= shift;
        summed -= shift;
        start = Math.max(0, start - shift);
    }

    /** Begins a member: matches cannot reach back to what was before. */
    void beginMember() {
        start = end;
        summed = end;
        crc.reset();
        memberStart = base + end;
    }

    /** Returns the CRC-32 of the member so far. */
    long crc() {
        sum();
        return crc.getValue();
    }

    /** Returns the number of the member's bytes so far. */
    long memberSize() {
        return base + end - memberStart;
    }

    private void sum() {
        crc.update(bytes, summed, end - summed);
        summed = end;
    }

    /** Marks the place behind the last decompressed byte, for {@link #markedHistory()}. */
    void mark() {
        mark = end;
        isSaved = false;
    }

    /** Returns the bytes of the member before the marked place, as many as matches could copy there. */
    byte[] markedHistory() {
        if (!isSaved) {
            save();
        }
        return Arrays.copyOf(saved, savedLength);
    }

    private void save() {
        savedLength = Math.min(mark - start, HISTORY);
        System.arraycopy(bytes, mark - savedLength, saved, 0, savedLength);
        isSaved = true;
    }
}
