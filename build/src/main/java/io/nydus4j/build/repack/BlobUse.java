package io.nydus4j.build.repack;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What an image uses of one of its blobs. Not safe for use by several threads. */
public final class BlobUse {
    /** Blobs whose data is no chunks, or is not there to be read. */
    private static final int UNTOUCHABLE = BlobFeatures.EXTERNAL | BlobFeatures.TARFS;

    private static final int HUNDRED = 100;
    private static final long ALIGNMENT = 4096;

    private final BlobInfo blob;
    /** The chunks in use by their index. */
    private final Map<Integer, ChunkRecord> chunks = new HashMap<>();

    private long storedBytes;
    /** Bytes of the uncompressed address space. */
    private long plainBytes;

    /** Starts with nothing in use. */
    public BlobUse(BlobInfo blob) {
        this.blob = blob;
    }

    /**
     * Notes that a chunk is in use; may be told several times.
     *
     * @throws RafsFormatException if the image says of a chunk of this index that it lies elsewhere, too
     */
    public void add(ChunkRecord chunk) throws RafsFormatException {
        ChunkRecord known = chunks.putIfAbsent(chunk.index(), chunk);
        if (known != null && canBeRewritten() && !known.equals(chunk.atFileOffset(known.fileOffset()))) {
            throw new RafsFormatException(
                    "chunk " + Integer.toUnsignedString(chunk.index()) + " of blob " + blob.effectiveId(),
                    -1,
                    "is described in two ways");
        }
        if (known == null) {
            storedBytes += Integer.toUnsignedLong(chunk.compressedSize());
            long plain = Integer.toUnsignedLong(chunk.uncompressedSize());
            plainBytes +=
                    blob.features().has(BlobFeatures.ALIGNED) ? Math.ceilDiv(plain, ALIGNMENT) * ALIGNMENT : plain;
        }
    }

    /** Returns the blob. */
    public BlobInfo blob() {
        return blob;
    }

    /** Tells whether no chunk is in use. */
    public boolean isUnused() {
        return chunks.isEmpty();
    }

    /** Tells whether the blob can be written anew. */
    public boolean canBeRewritten() {
        return !blob.features().hasAny(UNTOUCHABLE);
    }

    private boolean packsTogether() {
        return blob.features().hasAny(BlobFeatures.BATCH | BlobFeatures.ZRAN);
    }

    /** Tells whether less than so many percent of the blob are in use. */
    public boolean isUsedLessThan(int percent) {
        // Chunks that are compressed together have no stored size of their own.
        long used = packsTogether() ? plainBytes : storedBytes;
        long whole = packsTogether() ? blob.uncompressedSize() : blob.compressedDataSize();
        return whole > 0 && used * HUNDRED < whole * percent;
    }

    /** Returns the number of stored bytes in use; estimated where chunks are compressed together. */
    public long usedSize() {
        if (!packsTogether() || blob.uncompressedSize() == 0) {
            return storedBytes;
        }
        return (long) ((double) plainBytes / blob.uncompressedSize() * blob.compressedDataSize());
    }

    /** Returns the chunks in use, in the order in which they are stored. */
    public List<ChunkRecord> chunks() {
        Collection<ChunkRecord> used = chunks.values();
        return used.stream()
                .sorted(Comparator.comparing(ChunkRecord::index, Integer::compareUnsigned))
                .toList();
    }
}
