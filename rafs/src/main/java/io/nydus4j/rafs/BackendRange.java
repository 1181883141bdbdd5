package io.nydus4j.rafs;

import io.nydus4j.blob.BlobInfo;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One range of a blob's stored bytes that serves several pieces, gaps between them included. Mirrors {@code BlobIoRange} of the
 * reference. Not safe for use by several threads.
 */
public final class BackendRange {
    private final BlobInfo blob;
    private final long offset;
    private final List<IoPiece> pieces = new ArrayList<>();
    private long end;

    /** Makes the range of one piece's chunk. */
    public BackendRange(IoPiece first) {
        this.blob = first.blob();
        this.offset = first.chunk().compressedOffset();
        this.end = first.compressedEnd();
        pieces.add(first);
    }

    /**
     * Extends the range to the end of a piece's chunk.
     *
     * @throws IllegalArgumentException if the chunk starts before the end of the range
     */
    public void merge(IoPiece piece) {
        if (piece.chunk().compressedOffset() < end) {
            throw new IllegalArgumentException(
                    "a chunk at " + piece.chunk().compressedOffset() + " comes before the range's end " + end);
        }
        end = piece.compressedEnd();
        pieces.add(piece);
    }

    /** Returns the blob. */
    public BlobInfo blob() {
        return blob;
    }

    /** Returns the start in the stored bytes, in bytes. */
    public long offset() {
        return offset;
    }

    /** Returns the length, in bytes. */
    public long size() {
        return end - offset;
    }

    /** Returns the pieces in the order of their stored bytes; those not of a user only warm the cache. */
    public List<IoPiece> pieces() {
        return Collections.unmodifiableList(pieces);
    }

    /**
     * Groups the pieces of a vector into ranges.
     *
     * @param gap     most bytes between two pieces of a range, at least 0
     * @param maxSize a piece is joined only to a range that is shorter than this, in bytes
     */
    public static List<BackendRange> group(IoVector vector, long gap, long maxSize) {
        List<BackendRange> ranges = new ArrayList<>();
        for (IoPiece piece : vector.pieces()) {
            BackendRange last = ranges.isEmpty() ? null : ranges.getLast();
            if (last != null
                    && last.size() < maxSize
                    && piece.chunk().compressedOffset() >= last.end
                    && last.pieces.getLast().isContinuous(piece, gap)) {
                last.merge(piece);
            } else {
                ranges.add(new BackendRange(piece));
            }
        }
        return ranges;
    }
}
