package io.nydus4j.blob.chunk;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.zran.ZranContext;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * A blob's chunk information array, seen in place: one record for each chunk, in the order of their places in the uncompressed address
 * space, then batch or zran contexts, then the dictionaries of zran.
 *
 * <p>All records and contexts are checked when the table is made, so its accessors cannot fail for an index from 0 to
 * {@link #size()}{@code - 1}. Immutable, as long as its memory is; safe for use by several threads. Whoever owns the memory keeps it
 * alive as long as the table is used.
 */
public final class ChunkInfoTable {
    private final MemorySegment array;
    private final ChunkInfoHeader header;
    private final ChunkInfoLayout layout;
    private final int size;
    private final BlobFeatures features;

    private ChunkInfoTable(MemorySegment array, ChunkInfoHeader header, BlobFeatures features, int size) {
        this.array = array;
        this.header = header;
        this.features = features;
        this.layout = features.has(BlobFeatures.CHUNK_INFO_V2) ? ChunkInfoLayout.V2 : ChunkInfoLayout.V1;
        this.size = size;
    }

    /**
     * Returns the table over a plain array, after checking it.
     *
     * @param array  the array, decrypted and decompressed; stays in use. What follows the header's plain size is ignored
     * @param header the header that belongs to it
     * @param blob   what the image says of the blob
     * @throws RafsFormatException if the header contradicts {@code blob}, or a record or context is impossible
     */
    public static ChunkInfoTable of(MemorySegment array, ChunkInfoHeader header, BlobInfo blob)
            throws RafsFormatException {
        header.checkAgainst(blob);
        int count = ChunkInfoChecks.checkHeader(array.byteSize(), header, blob);
        ChunkInfoTable table = new ChunkInfoTable(
                array.asSlice(0, header.uncompressedSize()).asReadOnly(), header, blob.features(), count);
        ChunkInfoChecks.checkContexts(table);
        ChunkInfoChecks.checkRecords(table, blob);
        return table;
    }

    /** Returns the number of chunks, 1 to 2^24. */
    public int size() {
        return size;
    }

    /** Returns the header that belongs to the array. */
    public ChunkInfoHeader header() {
        return header;
    }

    /** Returns the plain array: records, contexts and dictionaries. Read-only. */
    public MemorySegment array() {
        return array;
    }

    /** Tells whether the blob has {@code mask}'s features, bits of {@link BlobFeatures}. */
    boolean hasFeature(int mask) {
        return features.has(mask);
    }

    /** Returns everything about the chunk at {@code index}. */
    public ChunkInfo chunk(int index) {
        return new ChunkInfo(
                uncompressedOffset(index),
                uncompressedSize(index),
                compressedOffset(index),
                compressedSize(index),
                flags(index),
                data(index));
    }

    /** Returns where the plain bytes of a chunk start in the uncompressed address space, in bytes; a multiple of 4096. */
    public long uncompressedOffset(int index) {
        return layout.uncompressedOffset(array, offsetOf(index));
    }

    /** Returns the number of plain bytes of a chunk, 1 to 2^24. */
    public int uncompressedSize(int index) {
        return layout.uncompressedSize(array, offsetOf(index));
    }

    /** Returns where the plain bytes of a chunk end in the uncompressed address space, in bytes. */
    public long uncompressedEnd(int index) {
        return uncompressedOffset(index) + uncompressedSize(index);
    }

    /** Returns where the stored bytes of a chunk, or of its batch, start in the blob, in bytes. */
    public long compressedOffset(int index) {
        return layout.compressedOffset(array, offsetOf(index));
    }

    /** Returns the number of stored bytes of a chunk; 0 for members of a batch, 0 or more for those of a zran context. */
    public int compressedSize(int index) {
        return layout.compressedSize(array, offsetOf(index));
    }

    /** Returns bits of {@link ChunkInfoFlags}. */
    public int flags(int index) {
        return layout.flags(array, offsetOf(index));
    }

    /** Tells whether the chunk's stored bytes are compressed. */
    public boolean isCompressed(int index) {
        return (flags(index) & ChunkInfoFlags.COMPRESSED) != 0;
    }

    /** Tells whether the chunk's stored bytes are encrypted. */
    public boolean isEncrypted(int index) {
        return (flags(index) & ChunkInfoFlags.ENCRYPTED) != 0;
    }

    /** Tells whether the chunk is a member of a batch. */
    public boolean isBatch(int index) {
        return (flags(index) & ChunkInfoFlags.BATCH) != 0;
    }

    /** Tells whether the chunk is read through a zran context. */
    public boolean isZran(int index) {
        return (flags(index) & ChunkInfoFlags.ZRAN) != 0;
    }

    /** Tells whether the record holds a CRC-32C; one of value 0 counts too. */
    public boolean hasCrc32(int index) {
        return (flags(index) & (ChunkInfoFlags.HAS_CRC32 | ChunkInfoFlags.BATCH | ChunkInfoFlags.ZRAN))
                == ChunkInfoFlags.HAS_CRC32;
    }

    /** Returns the CRC-32C of the chunk's plain bytes; meaningful if {@link #hasCrc32}. */
    public int crc32(int index) {
        return (int) data(index);
    }

    /** Returns the index of the chunk's batch or zran context; meaningful if it has one. */
    public int contextIndex(int index) {
        return (int) (data(index) >>> 32);
    }

    /** Returns where the chunk starts in the plain bytes of its batch or zran context; meaningful if it has one. */
    public int offsetInContext(int index) {
        return (int) data(index);
    }

    private long data(int index) {
        return layout.data(array, offsetOf(index));
    }

    private long offsetOf(int index) {
        return (long) Objects.checkIndex(index, size) * layout.size();
    }

    /** Returns the number of batch or zran contexts. */
    public int contextCount() {
        return features.hasAny(BlobFeatures.BATCH | BlobFeatures.ZRAN) ? header.contextCount() : 0;
    }

    /** Returns the batch context at {@code contextIndex}; only for blobs with {@link BlobFeatures#BATCH}. */
    public BatchContext batch(int contextIndex) {
        return BatchContext.read(array, contextOffset(contextIndex));
    }

    /** Returns the zran context at {@code contextIndex}; only for blobs with {@link BlobFeatures#ZRAN}. */
    public ZranContext zran(int contextIndex) {
        return ZranContext.read(array, contextOffset(contextIndex));
    }

    /** Returns the dictionary of a zran context, possibly empty. */
    public MemorySegment dictionary(ZranContext context) {
        long start = header.contextOffset() + (long) contextCount() * ZranContext.SIZE;
        return array.asSlice(start + context.dictionaryOffset(), context.dictionarySize());
    }

    private long contextOffset(int contextIndex) {
        return header.contextOffset() + (long) Objects.checkIndex(contextIndex, contextCount()) * BatchContext.SIZE;
    }

    /**
     * Returns the chunk that holds the plain byte at {@code offset}, or -1 if none does: the offset is past the end, or in the padding
     * behind a chunk.
     *
     * @param offset position in the uncompressed address space, in bytes, at least 0
     */
    public int indexAt(long offset) {
        int index = floorIndex(offset);
        return index >= 0 && offset < uncompressedEnd(index) ? index : -1;
    }

    /**
     * Returns the last chunk that starts at or before {@code offset}, or -1 if all start behind it.
     *
     * @param offset position in the uncompressed address space, in bytes
     */
    public int floorIndex(long offset) {
        int low = 0;
        int high = size - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (uncompressedOffset(middle) <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** Returns the first chunk of the decoding unit of a chunk: itself, or the first member of its batch or zran context. */
    public int unitStart(int index) {
        int first = index;
        while (first > 0 && sameUnit(index, first - 1)) {
            first--;
        }
        return first;
    }

    /** Returns the chunk behind the decoding unit of a chunk, or {@link #size()}. */
    public int unitEnd(int index) {
        int end = index + 1;
        while (end < size && sameUnit(index, end)) {
            end++;
        }
        return end;
    }

    private boolean sameUnit(int index, int other) {
        int kind = flags(index) & (ChunkInfoFlags.BATCH | ChunkInfoFlags.ZRAN);
        return kind != 0
                && (flags(other) & (ChunkInfoFlags.BATCH | ChunkInfoFlags.ZRAN)) == kind
                && contextIndex(other) == contextIndex(index);
    }

    /** Returns where the stored bytes of the decoding unit of a chunk start in the blob, in bytes. */
    public long unitOffset(int index) {
        return isZran(index) ? zran(contextIndex(index)).compressedOffset() : compressedOffset(index);
    }

    /** Returns the number of stored bytes of the decoding unit of a chunk. */
    public int unitCompressedSize(int index) {
        if (isZran(index)) {
            return zran(contextIndex(index)).compressedSize();
        }
        return isBatch(index) ? batch(contextIndex(index)).compressedSize() : compressedSize(index);
    }

    /** Returns the number of plain bytes of the decoding unit of a chunk. */
    public int unitUncompressedSize(int index) {
        if (isZran(index)) {
            return zran(contextIndex(index)).uncompressedSize();
        }
        return isBatch(index) ? batch(contextIndex(index)).uncompressedSize() : uncompressedSize(index);
    }
}
