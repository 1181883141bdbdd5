package io.nydus4j.blob.toc;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * One entry of a blob's table of contents: where a part of the blob lies.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    4 compression: 1 none, 2 zstd, 4 lz4_block
 *     4    4 zero
 *     8   16 name, NUL padded
 *    24   32 SHA-256 of the plain part
 *    56    8 offset of the stored part in the blob
 *    64    8 stored size
 *    72    8 plain size
 *    80   48 zero
 * </pre>
 * Mirrors {@code TocEntry} of the reference.
 *
 * @param name             name of the part, ASCII, 1 to 16 bytes
 * @param compression      how the part is compressed; not gzip, which entries cannot express
 * @param digest           SHA-256 of the plain part; of {@link #BLOB_DATA}, of the data and its tar header
 * @param compressedOffset start of the stored part, in bytes
 * @param compressedSize   stored size, in bytes
 * @param uncompressedSize plain size, in bytes; of {@link #BLOB_DATA}, that of the uncompressed address space
 */
public record TocEntry(
        String name,
        Compression compression,
        Digest digest,
        long compressedOffset,
        long compressedSize,
        long uncompressedSize) {
    /** Length of an entry in bytes. */
    public static final int SIZE = 128;

    /** The chunks. */
    public static final String BLOB_DATA = "image.blob";
    /** The chunk information array; also the name of the tar header behind it and its header. */
    public static final String CHUNK_INFO = "blob.meta";
    /** The header of the chunk information array. */
    public static final String CHUNK_INFO_HEADER = "blob.meta.header";
    /** The chunk digests. */
    public static final String CHUNK_DIGESTS = "blob.digest";
    /** The bootstrap. */
    public static final String BOOTSTRAP = "image.boot";

    private static final String STRUCTURE = "table of contents entry";
    private static final int NAME_AT = 8;
    private static final int NAME_SIZE = 16;
    private static final int FLAG_NONE = 1;
    private static final int FLAG_ZSTD = 2;
    private static final int FLAG_LZ4_BLOCK = 4;
    private static final int FLAGS_COMPRESSION = 0xF;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /**
     * Reads the entry at {@code offset}.
     *
     * @param segment holds the table; not kept
     * @param offset  start of the entry, in bytes from the start of the segment
     * @throws RafsFormatException if the entry does not fit, has no name, no compression that it may have, or impossible sizes
     */
    public static TocEntry read(MemorySegment segment, long offset) throws RafsFormatException {
        if (offset < 0 || offset > segment.byteSize() - SIZE) {
            throw new RafsFormatException(
                    STRUCTURE, offset, "expected " + SIZE + " bytes, found " + segment.byteSize());
        }
        int length = 0;
        while (length < NAME_SIZE && segment.get(ValueLayout.JAVA_BYTE, offset + NAME_AT + length) != 0) {
            length++;
        }
        if (length == 0) {
            throw new RafsFormatException(STRUCTURE, offset, "expected a name, found none");
        }
        String name = new String(
                segment.asSlice(offset + NAME_AT, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
        TocEntry entry = new TocEntry(
                name,
                compression(segment.get(INT, offset), offset),
                Digest.read(segment, offset + 24),
                segment.get(LONG, offset + 56),
                segment.get(LONG, offset + 64),
                segment.get(LONG, offset + 72));
        if (entry.compressedOffset < 0
                || entry.compressedSize < 0
                || entry.compressedOffset + entry.compressedSize < 0
                || entry.uncompressedSize < 0) {
            throw new RafsFormatException(STRUCTURE, offset, "impossible offset or size: " + entry);
        }
        return entry;
    }

    private static Compression compression(int flags, long offset) throws RafsFormatException {
        return switch (flags & FLAGS_COMPRESSION) {
            case FLAG_NONE -> Compression.NONE;
            case FLAG_ZSTD -> Compression.ZSTD;
            case FLAG_LZ4_BLOCK -> Compression.LZ4_BLOCK;
            default ->
                throw new RafsFormatException(
                        STRUCTURE, offset, "expected one compression flag, found 0x" + Integer.toHexString(flags));
        };
    }

    /**
     * Writes the entry, with its zeros, at {@code offset} of {@code segment}.
     *
     * @throws IllegalArgumentException if the name has no 1 to 16 bytes, or the compression is gzip
     */
    public void write(MemorySegment segment, long offset) {
        byte[] nameBytes = name.getBytes(StandardCharsets.ISO_8859_1);
        if (nameBytes.length == 0 || nameBytes.length > NAME_SIZE) {
            throw new IllegalArgumentException("the name of an entry has 1 to 16 bytes: \"" + name + '"');
        }
        int flags = switch (compression) {
            case NONE -> FLAG_NONE;
            case ZSTD -> FLAG_ZSTD;
            case LZ4_BLOCK -> FLAG_LZ4_BLOCK;
            case GZIP -> throw new IllegalArgumentException("an entry cannot say that it is compressed with gzip");
        };
        segment.asSlice(offset, SIZE).fill((byte) 0);
        segment.set(INT, offset, flags);
        MemorySegment.copy(nameBytes, 0, segment, ValueLayout.JAVA_BYTE, offset + NAME_AT, nameBytes.length);
        digest.write(segment, offset + 24);
        segment.set(LONG, offset + 56, compressedOffset);
        segment.set(LONG, offset + 64, compressedSize);
        segment.set(LONG, offset + 72, uncompressedSize);
    }
}
