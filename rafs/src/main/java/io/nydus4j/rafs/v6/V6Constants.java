package io.nydus4j.rafs.v6;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Numbers of the v6 format that belong to no single structure, and access to little-endian fields at any offset. */
final class V6Constants {
    /** Size of an ordinary block, and the alignment of tables and of the file's end, in bytes. */
    static final int BLOCK_SIZE = 4096;
    /** Size of a block in an image of tar files, in bytes. */
    static final int TARFS_BLOCK_SIZE = 512;
    /** Size of an inode slot, the unit of a nid, in bytes. */
    static final int SLOT_SIZE = 32;
    /** Alignment of blobs in the address space of the image, in bytes. */
    static final int DEVICE_ALIGNMENT = 0x80000;
    /** Size of a chunk index behind an inode, in bytes. */
    static final int CHUNK_INDEX_SIZE = 8;
    /** Least size of a chunk, in bytes. */
    static final int MIN_CHUNK_SIZE = 0x1000;
    /** Greatest size of a chunk, in bytes. */
    static final int MAX_CHUNK_SIZE = 0x100_0000;
    /** Greatest number of chunks in a blob. */
    static final int MAX_CHUNKS_PER_BLOB = 0x100_0000;
    /** Greatest size of a blob's stored data, in bytes. */
    static final long MAX_COMPRESSED_SIZE = 1L << 40;
    /** Greatest size of a blob's uncompressed address space, in bytes. */
    static final long MAX_UNCOMPRESSED_SIZE = 1L << 44;
    /** Greatest number of blobs, for a chunk index has a byte for index + 1 and the reference keeps one value free. */
    static final int MAX_BLOBS = 254;
    /** The greatest unsigned 32-bit number. */
    static final long MAX_U32 = 0xFFFF_FFFFL;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private V6Constants() {}

    static int u8(MemorySegment segment, long offset) {
        return Byte.toUnsignedInt(segment.get(ValueLayout.JAVA_BYTE, offset));
    }

    static int u16(MemorySegment segment, long offset) {
        return Short.toUnsignedInt(segment.get(SHORT, offset));
    }

    static int i32(MemorySegment segment, long offset) {
        return segment.get(INT, offset);
    }

    static long u32(MemorySegment segment, long offset) {
        return Integer.toUnsignedLong(segment.get(INT, offset));
    }

    static long i64(MemorySegment segment, long offset) {
        return segment.get(LONG, offset);
    }

    static void put8(MemorySegment segment, long offset, int value) {
        segment.set(ValueLayout.JAVA_BYTE, offset, (byte) value);
    }

    static void put16(MemorySegment segment, long offset, int value) {
        segment.set(SHORT, offset, (short) value);
    }

    static void put32(MemorySegment segment, long offset, int value) {
        segment.set(INT, offset, value);
    }

    static void put64(MemorySegment segment, long offset, long value) {
        segment.set(LONG, offset, value);
    }

    /** Copies {@code bytes} to {@code offset}. */
    static void putBytes(MemorySegment segment, long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    /** Copies {@code length} bytes at {@code offset}; the caller has checked that they are there. */
    static byte[] bytes(MemorySegment segment, long offset, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, bytes, 0, length);
        return bytes;
    }

    /**
     * Rounds up.
     *
     * @param value at least 0, and less than 2^63 - {@code alignment}
     * @param alignment a power of two
     */
    static long roundUp(long value, long alignment) {
        return (value + alignment - 1) & -alignment;
    }

    /** Tells whether {@code length} bytes at {@code offset} lie in a file of {@code size} bytes; all numbers may be anything. */
    static boolean fits(long offset, long length, long size) {
        return offset >= 0 && length >= 0 && offset <= size && length <= size - offset;
    }
}
