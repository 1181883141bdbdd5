package io.nydus4j.blob.chunk;

/**
 * Where one chunk of a blob lies, and how it is stored: the plain value of a record of version 1 or 2.
 *
 * @param uncompressedOffset start of the plain bytes in the uncompressed address space, in bytes; a multiple of 4096
 * @param uncompressedSize   number of plain bytes, 1 to 2^24
 * @param compressedOffset   start of the stored bytes in the blob, in bytes, less than 2^40
 * @param compressedSize     number of stored bytes; 0 for members of a batch
 * @param flags              bits of {@link ChunkInfoFlags}; version 1 stores none and implies {@link ChunkInfoFlags#COMPRESSED}
 * @param data               for batch and zran members, the index of the context in the high half and the offset in its plain bytes in
 *                           the low half; else the CRC-32C if there is one
 */
public record ChunkInfo(
        long uncompressedOffset,
        int uncompressedSize,
        long compressedOffset,
        int compressedSize,
        int flags,
        long data) {

    /** Returns a chunk stored for itself, of version 1: compressed if the sizes differ. */
    public static ChunkInfo plain(
            long uncompressedOffset, int uncompressedSize, long compressedOffset, int compressedSize) {
        int flags = compressedSize == uncompressedSize ? 0 : ChunkInfoFlags.COMPRESSED;
        return new ChunkInfo(uncompressedOffset, uncompressedSize, compressedOffset, compressedSize, flags, 0);
    }

    /** Returns the data word of a member of a batch or zran context. */
    public static long contextData(int contextIndex, int offsetInContext) {
        return (long) contextIndex << 32 | Integer.toUnsignedLong(offsetInContext);
    }

    /** Tells whether {@code flag}, a bit of {@link ChunkInfoFlags}, is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Returns the CRC-32C of the plain bytes; meaningful with {@link ChunkInfoFlags#HAS_CRC32}. */
    public int crc32() {
        return (int) data;
    }

    /** Returns the index of the batch or zran context. */
    public int contextIndex() {
        return (int) (data >>> 32);
    }

    /** Returns the offset of the chunk in the plain bytes of its context, in bytes. */
    public int offsetInContext() {
        return (int) data;
    }

    /** Returns the end of the plain bytes in the uncompressed address space, in bytes. */
    public long uncompressedEnd() {
        return uncompressedOffset + uncompressedSize;
    }

    /** Returns the end of the stored bytes in the blob, in bytes. */
    public long compressedEnd() {
        return compressedOffset + compressedSize;
    }
}
