package io.nydus4j.build.source;

import io.nydus4j.rafs.RafsVersion;

/**
 * How a source becomes a tree.
 *
 * @param version        format that the tree is for: v5 stores sizes that v6 does not
 * @param chunkSize      bytes of a whole chunk
 * @param explicitUidGid whether owners are kept; otherwise they are 0
 * @param layer          number of the layer, 0 without layers below
 * @param filter         decides which names stay
 */
public record SourceRules(RafsVersion version, int chunkSize, boolean explicitUidGid, int layer, NodeFilter filter) {
    /** Most chunks that a file may have; they are kept in one array. */
    private static final int MAX_CHUNKS = Integer.MAX_VALUE - 8;

    /**
     * Returns the number of chunks of a file.
     *
     * @param size length of the file in bytes, at least 0
     * @return the number, or -1 if there are too many
     */
    public int chunkCount(long size) {
        long count = size / chunkSize + (size % chunkSize == 0 ? 0 : 1);
        return count > MAX_CHUNKS ? -1 : (int) count;
    }
}
