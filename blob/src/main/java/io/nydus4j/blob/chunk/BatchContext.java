package io.nydus4j.blob.chunk;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One batch: small chunks that are compressed and encrypted together.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    4 stored size
 *     4    4 plain size
 *     8   32 zero
 * </pre>
 * Mirrors {@code BatchInflateContext} of the reference.
 *
 * @param compressedSize   stored size, in bytes
 * @param uncompressedSize plain size: the sum of the members' sizes, in bytes
 */
public record BatchContext(int compressedSize, int uncompressedSize) {
    /** Length of a context in bytes. */
    public static final int SIZE = 40;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Reads the context at {@code offset}; the caller has checked that it fits. */
    public static BatchContext read(MemorySegment segment, long offset) {
        return new BatchContext(segment.get(INT, offset), segment.get(INT, offset + 4));
    }

    /** Writes the context, with its zeros, at {@code offset} of {@code segment}. */
    public void write(MemorySegment segment, long offset) {
        segment.asSlice(offset, SIZE).fill((byte) 0);
        segment.set(INT, offset, compressedSize);
        segment.set(INT, offset + 4, uncompressedSize);
    }
}
