package io.nydus4j.storage.cache;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkDecoder;
import java.lang.foreign.MemorySegment;

/**
 * The chunks of one blob in the order of their places in the uncompressed address space, where they do not overlap. Immutable; safe for
 * use by several threads.
 *
 * <p>A chunk's position here counts for everything but the chunk map and checks, which go by its index in the blob
 * ({@link #indexInBlob}). Positions must be 0 to {@link #size()}{@code - 1}. No accessor allocates.
 */
sealed interface ChunkIndex permits TableIndex, RecordIndex {
    /** Unit of alignment, in bytes. */
    long PAGE = 4096;

    /** Returns the number of chunks known. */
    int size();

    /** Returns the chunk's index in its blob. */
    int indexInBlob(int position);

    /** Returns where the chunk's plain bytes start, in bytes. */
    long start(int position);

    /** Returns the number of the chunk's plain bytes. */
    int length(int position);

    /** Returns where the chunk's plain bytes end, in bytes. */
    default long end(int position) {
        return start(position) + length(position);
    }

    /** Tells whether chunks may be followed by zeros up to a multiple of 4096, which are no hole. */
    boolean padded();

    /** Tells whether nothing but padding lies between the start of the address space and the end of the last chunk. */
    boolean gapless();

    /** Returns the first chunk of the decoding unit that a chunk belongs to: itself, unless chunks are stored together. */
    int unitFirst(int position);

    /** Returns the last chunk of the decoding unit that a chunk belongs to. */
    int unitLast(int position);

    /** Returns where the unit's stored bytes start in the blob, in bytes. */
    long unitOffset(int position);

    /** Returns the number of the unit's stored bytes. */
    int unitStoredSize(int position);

    /** Returns the number of the unit's plain bytes. */
    int unitPlainSize(int position);

    /** Returns where the chunk starts in its unit's plain bytes, in bytes. */
    int offsetInUnit(int position);

    /**
     * Decodes the unit that a chunk belongs to.
     *
     * @param stored the unit's {@link #unitStoredSize} stored bytes
     * @param plain  takes the unit's {@link #unitPlainSize} plain bytes
     */
    void decodeUnit(ChunkDecoder decoder, int position, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException;

    /** Returns the last chunk that starts at or before {@code offset}, or -1 if all start behind it. */
    default int floor(long offset) {
        int low = 0;
        int high = size() - 1;
        while (low <= high) {
            int middle = low + high >>> 1;
            if (start(middle) <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    /** Returns the first chunk that ends behind {@code offset}, or {@link #size()} if all end before it. */
    default int firstEndingAfter(long offset) {
        int position = floor(offset);
        return position >= 0 && offset < end(position) ? position : position + 1;
    }

    /**
     * Tells whether every byte of a range belongs to a chunk or to the padding behind one. What does not is a hole that no image has data
     * for, and must not be taken for zeros.
     *
     * @param offset start, in bytes
     * @param end    end, in bytes, more than {@code offset}
     */
    default boolean covers(long offset, long end) {
        if (gapless()) {
            return size() > 0 && end <= reach(size() - 1);
        }
        int position = floor(offset);
        if (position < 0 || offset >= reach(position)) {
            return false;
        }
        while (end > reach(position)) {
            long reach = reach(position);
            position++;
            if (position == size() || start(position) > reach) {
                return false;
            }
        }
        return true;
    }

    /** Returns where a chunk with its padding ends, in bytes. */
    private long reach(int position) {
        long end = end(position);
        return padded() ? end + PAGE - 1 & -PAGE : end;
    }

    /** Computes {@link #gapless}. */
    static boolean isGapless(ChunkIndex index) {
        long reach = 0;
        for (int i = 0; i < index.size(); i++) {
            if (index.start(i) > reach) {
                return false;
            }
            reach = index.reach(i);
        }
        return true;
    }
}
