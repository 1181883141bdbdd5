package io.nydus4j.storage.cache;

/**
 * What is known of a blob's chunks. Index and checks never change; bits are set as chunks become ready. Safe for use by several threads.
 *
 * @param index  where they lie
 * @param checks what they must be
 * @param ready  which are there and checked, by position in the index
 */
record KnownChunks(ChunkIndex index, ChunkChecks checks, ReadyBits ready) {
    /**
     * Tells whether all of a range inside the blob is there and checked; allocates nothing.
     *
     * @param offset start in the uncompressed address space, in bytes, at least 0
     * @param length bytes, at least 0
     */
    boolean isReady(long offset, long length) {
        return length == 0
                || index.covers(offset, offset + length)
                        && ready.allSet(index.firstEndingAfter(offset), index.floor(offset + length - 1));
    }

    /** Tells whether there is something to check a chunk by. */
    boolean canCheck(int position) {
        return checks.canCheck(index.indexInBlob(position));
    }
}
