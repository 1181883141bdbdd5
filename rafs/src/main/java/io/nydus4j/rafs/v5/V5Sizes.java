package io.nydus4j.rafs.v5;

import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.Node;

/**
 * Computes what v5 stores as the sizes of directories and the blocks of all inodes.
 *
 * <p>To be done once for the tree of each source, before it is laid over another: what comes from a parent image keeps its numbers,
 * and a merged directory those of its uppermost layer. Mirrors {@code Node::set_inode_blocks} and {@code Node::v5_set_dir_size} of the
 * reference.
 */
public final class V5Sizes {
    /** What a directory entry counts beside its name, in bytes. Mirrors {@code RAFS_V5_VIRTUAL_ENTRY_SIZE}. */
    private static final int ENTRY_SIZE = 8;

    private static final int DIRECTORY_UNIT = 4096;
    private static final int BLOCK = 512;

    private V5Sizes() {}

    /** Sets the sizes of all directories and the blocks of all nodes of {@code tree}. */
    public static void compute(ImageTree tree) {
        tree.preOrder(V5Sizes::compute);
    }

    /** Sets the size of {@code node} if it is a directory, and its blocks; to be called when its children and xattrs are there. */
    public static void compute(Node node) {
        if (node.isDirectory()) {
            node.setSize(directorySize(node));
        }
        long bytes = node.size() + V5Format.align(V5Xattrs.pairsSize(node.xattrs()));
        node.setBlocks((bytes + BLOCK - 1) / BLOCK);
    }

    private static long directorySize(Node directory) {
        long size = 0;
        for (Node child : directory.children()) {
            size += child.name().length + ENTRY_SIZE;
        }
        return size == 0 ? DIRECTORY_UNIT : (size + DIRECTORY_UNIT - 1) / DIRECTORY_UNIT * DIRECTORY_UNIT;
    }
}
