package io.nydus4j.blob;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Where one chunk of a file lies in its blob: the 80-byte record that v5 keeps behind each file's inode and v6 in its chunk table.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0   32 digest of the plain bytes
 *    32    4 blob index
 *    36    4 flags, see {@link ChunkFlags}
 *    40    4 compressed size
 *    44    4 uncompressed size
 *    48    8 compressed offset
 *    56    8 uncompressed offset
 *    64    8 offset in the file
 *    72    4 index of the chunk in the blob
 *    76    4 CRC-32C of the plain bytes, if {@link ChunkFlags#HAS_CRC32}
 * </pre>
 * Mirrors {@code RafsV5ChunkInfo} of the reference. All sizes and offsets are in bytes; what a reader gets from an image is
 * unchecked until the reader of the bootstrap has checked it.
 *
 * @param digest             digest of the plain bytes; zero where the source has none
 * @param blobIndex          index into the image's blob table
 * @param flags              bits of {@link ChunkFlags}
 * @param compressedSize     stored bytes, unsigned
 * @param uncompressedSize   plain bytes, unsigned
 * @param compressedOffset   start of the stored bytes in the blob
 * @param uncompressedOffset start of the plain bytes in the blob's uncompressed address space
 * @param fileOffset         start of the plain bytes in the file
 * @param index              index of the chunk in its blob
 * @param crc32              CRC-32C of the plain bytes, meaningful with {@link ChunkFlags#HAS_CRC32}
 */
public record ChunkRecord(
        Digest digest,
        int blobIndex,
        int flags,
        int compressedSize,
        int uncompressedSize,
        long compressedOffset,
        long uncompressedOffset,
        long fileOffset,
        int index,
        int crc32) {
    /** Length of a record in bytes. */
    public static final int SIZE = 80;

    /**
     * Value in place of a CRC, where there is none, that says: the digest is a name, not that of the plain bytes. Chunks of stargz layers
     * whose table of contents tells no digests have it; the reference does not look at the field.
     */
    public static final int NAMED = 0x656D_616E;

    /** Offset of the blob index in a record. */
    public static final int BLOB_INDEX = 32;
    /** Offset of the flags in a record. */
    public static final int FLAGS = 36;
    /** Offset of the compressed size in a record. */
    public static final int COMPRESSED_SIZE = 40;
    /** Offset of the uncompressed size in a record. */
    public static final int UNCOMPRESSED_SIZE = 44;
    /** Offset of the compressed offset in a record. */
    public static final int COMPRESSED_OFFSET = 48;
    /** Offset of the uncompressed offset in a record. */
    public static final int UNCOMPRESSED_OFFSET = 56;
    /** Offset of the file offset in a record. */
    public static final int FILE_OFFSET = 64;
    /** Offset of the chunk index in a record. */
    public static final int INDEX = 72;
    /** Offset of the CRC in a record. */
    public static final int CRC32 = 76;

    /** Reads the record at {@code offset}; the caller has checked that it fits. */
    public static ChunkRecord read(MemorySegment segment, long offset) {
        byte[] bytes = new byte[SIZE];
        MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, offset, bytes, 0, SIZE);
        return read(bytes, 0);
    }

    /** Reads the record at {@code offset}; the caller has checked that it fits. */
    public static ChunkRecord read(byte[] bytes, int offset) {
        return new ChunkRecord(
                Digest.read(bytes, offset),
                LittleEndian.intAt(bytes, offset + BLOB_INDEX),
                LittleEndian.intAt(bytes, offset + FLAGS),
                LittleEndian.intAt(bytes, offset + COMPRESSED_SIZE),
                LittleEndian.intAt(bytes, offset + UNCOMPRESSED_SIZE),
                LittleEndian.longAt(bytes, offset + COMPRESSED_OFFSET),
                LittleEndian.longAt(bytes, offset + UNCOMPRESSED_OFFSET),
                LittleEndian.longAt(bytes, offset + FILE_OFFSET),
                LittleEndian.intAt(bytes, offset + INDEX),
                LittleEndian.intAt(bytes, offset + CRC32));
    }

    /** Writes this record at {@code offset}. */
    public void write(byte[] bytes, int offset) {
        digest.write(bytes, offset);
        LittleEndian.putInt(bytes, offset + BLOB_INDEX, blobIndex);
        LittleEndian.putInt(bytes, offset + FLAGS, flags);
        LittleEndian.putInt(bytes, offset + COMPRESSED_SIZE, compressedSize);
        LittleEndian.putInt(bytes, offset + UNCOMPRESSED_SIZE, uncompressedSize);
        LittleEndian.putLong(bytes, offset + COMPRESSED_OFFSET, compressedOffset);
        LittleEndian.putLong(bytes, offset + UNCOMPRESSED_OFFSET, uncompressedOffset);
        LittleEndian.putLong(bytes, offset + FILE_OFFSET, fileOffset);
        LittleEndian.putInt(bytes, offset + INDEX, index);
        LittleEndian.putInt(bytes, offset + CRC32, crc32);
    }

    /** Tells whether {@code flag}, a bit of {@link ChunkFlags}, is set. */
    public boolean has(int flag) {
        return (flags & flag) != 0;
    }

    /** Tells whether there is a digest that the plain bytes can be compared with. */
    public boolean hasContentDigest() {
        return !digest.isZero() && (has(ChunkFlags.HAS_CRC32) || crc32 != NAMED);
    }

    /** Returns this record with another place in its file. */
    public ChunkRecord atFileOffset(long newFileOffset) {
        return new ChunkRecord(
                digest,
                blobIndex,
                flags,
                compressedSize,
                uncompressedSize,
                compressedOffset,
                uncompressedOffset,
                newFileOffset,
                index,
                crc32);
    }

    /** Returns this record for another position of its blob in the blob table. */
    public ChunkRecord inBlob(int newBlobIndex) {
        return new ChunkRecord(
                digest,
                newBlobIndex,
                flags,
                compressedSize,
                uncompressedSize,
                compressedOffset,
                uncompressedOffset,
                fileOffset,
                index,
                crc32);
    }
}
