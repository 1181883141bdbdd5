package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;
import static io.nydus4j.rafs.v5.V5Format.LONG;

import io.nydus4j.blob.BlobFeatures;
import java.lang.foreign.MemorySegment;

/**
 * What newer images know of a data blob beside its id: an entry of the extended blob table, which has the order of the blob table.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    4 number of chunks
 *     4    4 features, see {@link BlobFeatures}
 *     8    8 size of the uncompressed address space
 *    16    8 size of the blob's file
 *    24   40 reserved, zero
 * </pre>
 * Mirrors {@code RafsV5ExtBlobEntry} of the reference.
 *
 * @param chunkCount       unsigned
 * @param features         bits as stored
 * @param uncompressedSize in bytes
 * @param compressedSize   in bytes, as far as it was known when the bootstrap was written
 */
public record V5ExtendedBlobEntry(int chunkCount, BlobFeatures features, long uncompressedSize, long compressedSize) {
    /** Length of an entry in bytes. */
    public static final int SIZE = 64;

    static final String TABLE = "extended blob table";

    private static final int FEATURES = 4;
    private static final int UNCOMPRESSED_SIZE = 8;
    private static final int COMPRESSED_SIZE = 16;

    /** Reads the entry at {@code offset}; the caller has checked that it fits. */
    public static V5ExtendedBlobEntry read(MemorySegment file, long offset) {
        return new V5ExtendedBlobEntry(
                file.get(INT, offset),
                new BlobFeatures(file.get(INT, offset + FEATURES)),
                file.get(LONG, offset + UNCOMPRESSED_SIZE),
                file.get(LONG, offset + COMPRESSED_SIZE));
    }

    /** Writes this entry at {@code offset}. */
    public void write(MemorySegment file, long offset) {
        file.set(INT, offset, chunkCount);
        file.set(INT, offset + FEATURES, features.bits());
        file.set(LONG, offset + UNCOMPRESSED_SIZE, uncompressedSize);
        file.set(LONG, offset + COMPRESSED_SIZE, compressedSize);
    }
}
