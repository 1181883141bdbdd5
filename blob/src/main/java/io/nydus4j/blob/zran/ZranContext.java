package io.nydus4j.blob.zran;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A place in a gzip file where decompression can start: the beginning of a deflate block, with what the decoder must know of the bytes
 * before it.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    8 offset of the first whole compressed byte in the gzip file
 *     8    8 offset of the plain bytes in the decompressed stream
 *    16    8 offset of the dictionary in the dictionary area
 *    24    4 compressed length
 *    28    4 plain length
 *    32    4 size of the dictionary
 *    36    1 the byte before the first whole one, if bits of it are still to be read
 *    37    1 number of those bits
 *    38    2 zero
 * </pre>
 * Mirrors {@code ZranInflateContext} of the reference.
 *
 * @param compressedOffset   first whole byte to feed, in bytes from the start of the gzip file
 * @param uncompressedOffset start of the plain bytes in the decompressed stream, in bytes
 * @param dictionaryOffset   start of the dictionary in the dictionary area, in bytes
 * @param compressedSize     number of compressed bytes
 * @param uncompressedSize   number of plain bytes
 * @param dictionarySize     size of the dictionary, 0 to 32768 bytes
 * @param bitByte            the byte before the first whole one, 0 to 255; 0 without bits
 * @param bitCount           number of high bits of that byte still to be read, 0 to 7
 */
public record ZranContext(
        long compressedOffset,
        long uncompressedOffset,
        long dictionaryOffset,
        int compressedSize,
        int uncompressedSize,
        int dictionarySize,
        int bitByte,
        int bitCount) {
    /** Length of a context in bytes. */
    public static final int SIZE = 40;

    /** Largest dictionary, in bytes: the window of deflate. */
    public static final int MAX_DICTIONARY = 32768;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Reads the context at {@code offset}; the caller has checked that it fits, and checks its values. */
    public static ZranContext read(MemorySegment segment, long offset) {
        return new ZranContext(
                segment.get(LONG, offset),
                segment.get(LONG, offset + 8),
                segment.get(LONG, offset + 16),
                segment.get(INT, offset + 24),
                segment.get(INT, offset + 28),
                segment.get(INT, offset + 32),
                Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, offset + 36)),
                Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, offset + 37)));
    }

    /** Writes the context at {@code offset} of {@code segment}. */
    public void write(MemorySegment segment, long offset) {
        segment.set(LONG, offset, compressedOffset);
        segment.set(LONG, offset + 8, uncompressedOffset);
        segment.set(LONG, offset + 16, dictionaryOffset);
        segment.set(INT, offset + 24, compressedSize);
        segment.set(INT, offset + 28, uncompressedSize);
        segment.set(INT, offset + 32, dictionarySize);
        segment.set(ValueLayout.JAVA_BYTE, offset + 36, (byte) bitByte);
        segment.set(ValueLayout.JAVA_BYTE, offset + 37, (byte) bitCount);
        segment.set(ValueLayout.JAVA_BYTE, offset + 38, (byte) 0);
        segment.set(ValueLayout.JAVA_BYTE, offset + 39, (byte) 0);
    }
}
