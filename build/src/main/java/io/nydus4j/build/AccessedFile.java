package io.nydus4j.build;

import java.util.List;
import java.util.Optional;

/**
 * A file that is read early.
 *
 * @param path   absolute path in the image, as bytes
 * @param ranges what of it is read; empty for all
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record AccessedFile(byte[] path, Optional<List<Range>> ranges) {
    /**
     * Bytes of a file. A chunk that only borders on them counts as read, as with the reference.
     *
     * @param offset first byte, unsigned
     * @param length number of bytes, unsigned
     */
    public record Range(long offset, long length) {
        /** Tells whether a chunk overlaps these bytes or borders on them. */
        boolean touches(long start, long end) {
            long last = offset + length;
            if (Long.compareUnsigned(last, offset) < 0) {
                last = -1; // longer than any file
            }
            long from = Long.compareUnsigned(offset, start) > 0 ? offset : start;
            long to = Long.compareUnsigned(last, end) < 0 ? last : end;
            return Long.compareUnsigned(from, to) <= 0;
        }
    }

    /** Tells whether a chunk from {@code start} to {@code end} of the file is read early. */
    boolean wants(long start, long end) {
        return ranges.isEmpty() || ranges.get().stream().anyMatch(range -> range.touches(start, end));
    }
}
