package io.nydus4j.storage.cache;

/**
 * The bytes of one request.
 *
 * @param offset start in the blob, in bytes
 * @param size   bytes
 */
record StoredRange(long offset, int size) {
    /**
     * Returns the range that covers the units of a run of chunks.
     *
     * @throws IllegalArgumentException if it is longer than a request may be
     */
    static StoredRange of(ChunkIndex index, int first, int last) {
        long start = Long.MAX_VALUE;
        long end = 0;
        for (int unit = first; unit <= last; unit = index.unitLast(unit) + 1) {
            start = Math.min(start, index.unitOffset(unit));
            end = Math.max(end, index.unitOffset(unit) + index.unitStoredSize(unit));
        }
        if (end - start > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a request of " + (end - start) + " bytes is too long");
        }
        return new StoredRange(start, (int) (end - start));
    }
}
