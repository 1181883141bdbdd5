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
}
