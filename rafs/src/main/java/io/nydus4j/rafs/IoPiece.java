package io.nydus4j.rafs;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;

/**
 * A part of a chunk that is to be read. Mirrors {@code BlobIoDesc} of the reference.
 *
 * @param blob   the chunk's blob
 * @param chunk  the chunk
 * @param offset start of the part in the plain chunk, in bytes
 * @param size   length of the part, in bytes
 * @param user   whether a caller waits for the bytes; otherwise they only warm the cache, and may be left out anywhere
 */
public record IoPiece(BlobInfo blob, ChunkRecord chunk, int offset, int size, boolean user) {
    /** What a legacy eStargz blob lets pass as a gap, in multiples of others. */
    private static final int STARGZ_GAP_FACTOR = 8;

    /** Returns where the stored chunk ends in its blob, in bytes. */
    public long compressedEnd() {
        return chunk.compressedOffset() + Integer.toUnsignedLong(chunk.compressedSize());
    }

    /** Returns where the plain chunk ends in its blob's uncompressed address space, in bytes. */
    public long uncompressedEnd() {
        return chunk.uncompressedOffset() + Integer.toUnsignedLong(chunk.uncompressedSize());
    }

    /**
     * Tells whether {@code next} comes close enough behind this piece to be read with it.
     *
     * @param gap most bytes between the two, at least 0
     */
    public boolean isContinuous(IoPiece next, long gap) {
        if (chunk.has(ChunkFlags.BATCH) || next.chunk.has(ChunkFlags.BATCH)) {
            long distance = next.chunk.uncompressedOffset() - uncompressedEnd();
            return distance >= 0 && distance <= gap;
        }
        long distance = next.chunk.compressedOffset() - compressedEnd();
        long most = next.isLegacyStargz() ? gap * STARGZ_GAP_FACTOR : gap;
        return chunk.blobIndex() == next.chunk.blobIndex() && distance >= 0 && distance <= most;
    }

    private boolean isLegacyStargz() {
        return blob.compression() == Compression.GZIP && !blob.features().has(BlobFeatures.CHUNK_INFO_V2);
    }
}
