package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The header that follows a blob's chunk information array, and says what the array holds and how it is stored.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes, encrypted if the blob is):
 * <pre>
 *    off size name
 *      0    4 magic {@code 0xB10BB10B}
 *      4    4 features of the blob
 *      8    4 compression of the array
 *     12    4 number of records
 *     16    8 offset of the stored array in its file
 *     24    8 stored size of the array
 *     32    8 plain size of the array: records, contexts and dictionaries
 *     40    8 offset of the contexts in the plain array; 0 without contexts
 *     48    8 size of the contexts, with dictionaries; 0 without contexts
 *     56    4 number of contexts
 *     60 4032 zero
 *   4092    4 magic again
 * </pre>
 * Mirrors {@code BlobCompressionContextHeader} of the reference.
 *
 * @param features         the blob's features
 * @param compression      how the stored array is compressed
 * @param chunkCount       number of records, unsigned
 * @param offset           start of the stored array in the file that holds it, in bytes
 * @param compressedSize   stored size of the array, in bytes
 * @param uncompressedSize plain size of the array, in bytes
 * @param contextOffset    start of the batch or zran contexts in the plain array, in bytes
 * @param contextSize      size of the contexts and dictionaries, in bytes
 * @param contextCount     number of contexts, unsigned
 */
public record ChunkInfoHeader(
        BlobFeatures features,
        Compression compression,
        int chunkCount,
        long offset,
        long compressedSize,
        long uncompressedSize,
        long contextOffset,
        long contextSize,
        int contextCount) {
    /** Length of the header in bytes. */
    public static final int SIZE = 4096;

    /** First and last word of a header. */
    public static final int MAGIC = 0xB10BB10B;

    private static final String STRUCTURE = "chunk information header";
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int LAST_WORD = SIZE - 4;

    /**
     * Reads the plain header at {@code offset}.
     *
     * @param segment holds the header, decrypted; not kept
     * @param offset  start of the header, in bytes from the start of the segment
     * @throws RafsFormatException if the header does not fit, lacks a magic, or names an unknown compression
     */
    public static ChunkInfoHeader read(MemorySegment segment, long offset) throws RafsFormatException {
        if (offset < 0 || offset > segment.byteSize() - SIZE) {
            throw new RafsFormatException(
                    STRUCTURE, offset, "expected " + SIZE + " bytes, found a file of " + segment.byteSize());
        }
        checkMagic(segment.get(INT, offset), offset);
        checkMagic(segment.get(INT, offset + LAST_WORD), offset + LAST_WORD);
        return new ChunkInfoHeader(
                new BlobFeatures(segment.get(INT, offset + 4)),
                Compression.ofCode(segment.get(INT, offset + 8), STRUCTURE, offset),
                segment.get(INT, offset + 12),
                segment.get(LONG, offset + 16),
                segment.get(LONG, offset + 24),
                segment.get(LONG, offset + 32),
                segment.get(LONG, offset + 40),
                segment.get(LONG, offset + 48),
                segment.get(INT, offset + 56));
    }

    /** Writes the plain header, with its zeros, at {@code offset} of {@code segment}. */
    public void write(MemorySegment segment, long offset) {
        MemorySegment header = segment.asSlice(offset, SIZE).fill((byte) 0);
        header.set(INT, 0, MAGIC);
        header.set(INT, 4, features.bits());
        header.set(INT, 8, compression.code());
        header.set(INT, 12, chunkCount);
        header.set(LONG, 16, this.offset);
        header.set(LONG, 24, compressedSize);
        header.set(LONG, 32, uncompressedSize);
        header.set(LONG, 40, contextOffset);
        header.set(LONG, 48, contextSize);
        header.set(INT, 56, contextCount);
        header.set(INT, LAST_WORD, MAGIC);
    }

    /** Returns the {@value #SIZE} bytes of the plain header. */
    public byte[] toBytes() {
        byte[] bytes = new byte[SIZE];
        write(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }

    /**
     * Compares the header with what the image says of the blob.
     *
     * @throws RafsFormatException if the number of records, the compression, the place or a size of the array differs
     */
    public void checkAgainst(BlobInfo blob) throws RafsFormatException {
        if (!blob.features().has(BlobFeatures.IS_CHUNKDICT_GENERATED)) {
            check("number of chunks", blob.chunkCount(), chunkCount);
        }
        check("compression", blob.chunkInfoCompression().code(), compression.code());
        check("offset", blob.chunkInfoOffset(), offset);
        check("stored size", blob.chunkInfoCompressedSize(), compressedSize);
        check("plain size", blob.chunkInfoUncompressedSize(), uncompressedSize);
    }

    private static void check(String field, long expected, long found) throws RafsFormatException {
        if (expected != found) {
            throw new RafsFormatException(
                    STRUCTURE, -1, field + ": the image says " + expected + ", the blob " + found);
        }
    }

    private static void checkMagic(int found, long offset) throws RafsFormatException {
        if (found != MAGIC) {
            throw new RafsFormatException(
                    STRUCTURE,
                    offset,
                    "expected magic 0x" + Integer.toHexString(MAGIC) + ", found 0x" + Integer.toHexString(found));
        }
    }
}
