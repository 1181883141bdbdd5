package io.nydus4j.blob.digest;

import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/** CRC-32C (Castagnoli, as iSCSI has it) of whole pieces of memory. */
public final class Crc32c {
    /** Largest part of a segment that is seen as one buffer. */
    private static final long PART = 1 << 30;

    private Crc32c() {}

    /**
     * Returns the CRC-32C of one piece of memory.
     *
     * @param data   holds the input
     * @param offset start of the input in {@code data}, in bytes
     * @param length length of the input in bytes, at least 0
     */
    public static int of(byte[] data, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(data, offset, length);
        return (int) crc.getValue();
    }

    /** Returns the CRC-32C of one segment, on or off the heap. */
    public static int of(MemorySegment data) {
        CRC32C crc = new CRC32C();
        for (long position = 0; position < data.byteSize(); position += PART) {
            crc.update(data.asSlice(position, Math.min(PART, data.byteSize() - position))
                    .asByteBuffer());
        }
        return (int) crc.getValue();
    }
}
