package io.nydus4j.rafs.tree;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsVersion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes a tree of an image that exists, to build on it, merge it or write it anew. Reads by what {@link Bootstrap} and {@link Inode}
 * tell of either version.
 *
 * <p>Names of one file get nodes that share its chunks and xattrs. The memory taken stays in proportion to the bootstrap: a hostile
 * one whose inodes overlap is refused.
 */
public final class TreeLoader {
    /** Bytes of an xattr's name that a bootstrap may keep as a number, at most. */
    private static final int LONGEST_PREFIX = 24;

    private final Bootstrap bootstrap;
    private final int layer;
    /** First nodes of the files that have several names, by inode number. */
    private final Map<Long, Node> links = new HashMap<>();
    /** The directories from the root to where the walk is. */
    private final List<Node> parents = new ArrayList<>();

    private @Nullable Node root;

    private TreeLoader(Bootstrap bootstrap, int layer) {
        this.bootstrap = bootstrap;
        this.layer = layer;
    }

    /**
     * Loads all names.
     *
     * @param bootstrap read now, and not needed afterwards
     * @param layer     layer of the nodes' {@link SourceId}s, whose inode numbers are the image's
     * @return the tree, not numbered; chunk records name blobs by {@code bootstrap}'s indexes
     * @throws RafsFormatException if the image is broken
     */
    public static ImageTree load(Bootstrap bootstrap, int layer) throws RafsFormatException {
        TreeLoader loader = new TreeLoader(bootstrap, layer);
        BootstrapWalk.preOrderLending(bootstrap, loader::add);
        if (loader.root == null) {
            throw new IllegalStateException("a walk starts with the root");
        }
        return new ImageTree(loader.root);
    }

    private void add(Inode inode, BootstrapWalk walk) throws RafsFormatException {
        Node node = node(inode, walk);
        while (parents.size() > walk.depth()) {
            parents.removeLast();
        }
        if (parents.isEmpty()) {
            if (!node.isDirectory()) {
                throw new RafsFormatException("inode " + inode.ino(), -1, "the root is no directory");
            }
            root = node;
        } else if (parents.getLast().put(node) != null) {
            throw new RafsFormatException("inode " + inode.ino(), -1, "its name is twice in its directory");
        }
        if (inode.isDirectory()) {
            parents.add(node);
        }
    }

    private Node node(Inode inode, BootstrapWalk walk) throws RafsFormatException {
        Node node = new Node(walk.name(), inode.mode(), new SourceId(layer, inode.ino(), SourceId.NO_DEVICE));
        node.setOwner(inode.uid(), inode.gid());
        node.setMtime(inode.mtimeSeconds(), inode.mtimeNanos());
        node.setRdev(inode.rdev());
        node.setBlocks(inode.blocks());
        node.setHardLinkFlag(inode.hardLinkFlag());
        node.setDigest(inode.digest());
        node.setOnlyName(!inode.isHardLink());
        Node first = inode.isHardLink() ? links.putIfAbsent(inode.ino(), node) : null;
        if (first != null) {
            node.setXattrsInOrder(first.xattrs());
            node.setChunks(first.chunks());
        } else {
            node.setXattrsInOrder(xattrs(inode, walk));
            node.setChunks(chunks(inode, walk));
        }
        if (inode.isSymlink()) {
            byte[] target = inode.symlinkTarget();
            walk.spend(target.length);
            node.setSymlinkTarget(target);
        } else if (!inode.isDirectory() || bootstrap.superblock().version() == RafsVersion.V5) {
            node.setSize(inode.size());
        }
        return node;
    }

    private static List<Xattr> xattrs(Inode inode, BootstrapWalk walk) throws RafsFormatException {
        if (!inode.hasXattrs()) {
            return List.of();
        }
        List<Xattr> xattrs = Xattr.listOf(inode);
        for (Xattr xattr : xattrs) {
            walk.spend(Math.max(BootstrapWalk.LEAST_XATTR_COST, xattr.name().length - LONGEST_PREFIX)
                    + xattr.value().length);
        }
        return xattrs;
    }

    private static ChunkRecord[] chunks(Inode inode, BootstrapWalk walk) throws RafsFormatException {
        int count = inode.chunkCount();
        walk.spend((long) count * BootstrapWalk.LEAST_CHUNK_COST);
        ChunkRecord[] chunks = new ChunkRecord[count];
        for (int i = 0; i < count; i++) {
            chunks[i] = inode.chunk(i);
        }
        return chunks;
    }
}
