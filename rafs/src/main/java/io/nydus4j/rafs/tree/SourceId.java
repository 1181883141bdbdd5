package io.nydus4j.rafs.tree;

/**
 * What makes two names of one layer the same file: equal ids of regular files are hard links.
 *
 * @param layer  number of the layer, 0 for the lowest
 * @param inode  inode number in the source: of the file system, or counted by an archive's reader
 * @param device device in the source; all ones where there is none
 */
public record SourceId(int layer, long inode, long device) {
    /** The device of nodes that come from an archive or another image. */
    public static final long NO_DEVICE = -1L;

    /** Odd, without a pattern in its bits. */
    private static final long SPREAD = 0x9E37_79B9_7F4A_7C15L;

    /** Spelled out: what a record has of itself is put together by method handles at the first call, which takes ten classes. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SourceId id && layer == id.layer && inode == id.inode && device == id.device;
    }

    /** Layers number their inodes alike, which the sum that a record makes of its fields would not tell apart. */
    @Override
    public int hashCode() {
        long mixed = ((layer * SPREAD + inode) * SPREAD + device) * SPREAD;
        return (int) (mixed >>> 32);
    }
}
