package io.nydus4j.build.tar;

import java.util.Arrays;

/**
 * Where the pieces of a sparse file's data belong; between them are zeros. Immutable.
 *
 * <p>The pieces are ascending, do not overlap and lie within the file.
 */
public final class SparseMap {
    /** Offsets and lengths, alternating. */
    private final long[] pieces;

    private final long size;

    private SparseMap(long[] pieces, long size) {
        this.pieces = pieces;
        this.size = size;
    }

    /**
     * Makes a map.
     *
     * @param pieces offsets and lengths, alternating; not copied
     * @param size   length of the file in bytes
     * @throws IllegalArgumentException if they are not as the class promises; the message says where
     */
    static SparseMap of(long[] pieces, long size) {
        if (size < 0) {
            throw new IllegalArgumentException("the length " + size + " of a sparse file is negative");
        }
        long end = 0;
        for (int i = 0; i < pieces.length; i += 2) {
            long offset = pieces[i];
            long length = pieces[i + 1];
            if (offset < end || length < 0 || length > size - offset) {
                throw new IllegalArgumentException(
                        "piece %d of a sparse file, %d bytes at %d, does not lie between the piece before and the end at %d"
                                .formatted(i / 2, length, offset, size));
            }
            end = offset + length;
        }
        return new SparseMap(pieces, size);
    }

    /** Returns the number of pieces. */
    public int count() {
        return pieces.length / 2;
    }

    /** Returns where a piece belongs in the file, in bytes. */
    public long offset(int piece) {
        return pieces[2 * piece];
    }

    /** Returns the length of a piece in bytes. */
    public long length(int piece) {
        return pieces[2 * piece + 1];
    }

    /** Returns the length of the file in bytes. */
    public long size() {
        return size;
    }

    /** Returns the bytes of all pieces. */
    public long dataSize() {
        long sum = 0;
        for (int i = 1; i < pieces.length; i += 2) {
            sum += pieces[i];
        }
        return sum;
    }

    @Override
    public String toString() {
        return size + " bytes with data at " + Arrays.toString(pieces);
    }
}
