package io.nydus4j.rafs.tree;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.rafs.FileMode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A name in the tree of an image under construction, with what will become its inode.
 *
 * <p>Sources fill it, {@link ImageTree#number()} numbers it, the chunker gives it chunks, a bootstrap writer reads it. Each name of a
 * hard-linked file has its own node. Not safe for use by several threads, but nodes may be handed from one to another.
 */
public final class Node {
    private static final ChunkRecord[] NO_CHUNKS = {};
    private static final byte[] ROOT_NAME = {'/'};

    private byte[] name;
    private @Nullable Node parent;
    /** Sorted by name; null for what never had children. */
    private @Nullable List<Node> children;

    private int mode;
    private int uid;
    private int gid;
    private long size;
    private int rdev;
    private long mtimeSeconds;
    private int mtimeNanos;
    private byte @Nullable [] symlinkTarget;
    private List<Xattr> xattrs = List.of();
    private ChunkRecord[] chunks = NO_CHUNKS;
    private Digest digest = Digest.ZERO;
    private SourceId sourceId;
    private long blocks;
    private boolean hardLinkFlag;
    private boolean lower;
    private boolean onlyName;

    private int index;
    private int ino;
    private int linkCount = 1;

    /**
     * Creates a node without a place in the tree.
     *
     * @param name     last component of the path, bytes as the source has them; not copied
     * @param mode     type and permissions
     * @param sourceId identity in its source
     */
    public Node(byte[] name, int mode, SourceId sourceId) {
        this.name = name;
        this.mode = mode;
        this.sourceId = sourceId;
    }

    /** Returns a new root node, which is named {@code /}. */
    public static Node root(int mode, SourceId sourceId) {
        return new Node(ROOT_NAME, mode, sourceId);
    }

    /** Returns the last component of the path. */
    public byte[] name() {
        return name;
    }

    /** Returns the directory that holds this node, or null for the root. */
    public @Nullable Node parent() {
        return parent;
    }

    /** Returns the children sorted by name, as a view. */
    public List<Node> children() {
        return children == null ? List.of() : Collections.unmodifiableList(children);
    }

    /** Returns the child with this name, or null. */
    public @Nullable Node child(byte[] childName) {
        int position = position(childName);
        return children == null || position < 0 ? null : children.get(position);
    }

    /**
     * Adds a child, or replaces the one of the same name.
     *
     * @return the node that was replaced, or null
     */
    public @Nullable Node put(Node child) {
        if (children == null) {
            children = new ArrayList<>(4);
        }
        child.parent = this;
        // Sources mostly come in order, so look at the end first.
        int last = children.size() - 1;
        if (last < 0 || Arrays.compareUnsigned(children.get(last).name, child.name) < 0) {
            children.add(child);
            return null;
        }
        int position = position(child.name);
        if (position >= 0) {
            return children.set(position, child);
        }
        children.add(-position - 1, child);
        return null;
    }

    /** Makes this the parent of a child that {@link #setChildren} will get later; until then it is not among the children. */
    public void adopt(Node child) {
        child.parent = this;
    }

    /**
     * Makes {@code newChildren} the children of this directory, sorting them.
     *
     * @param newChildren nodes of distinct names, in any order; copied
     */
    public void setChildren(List<Node> newChildren) {
        List<Node> sorted = new ArrayList<>(newChildren);
        sorted.sort((a, b) -> Arrays.compareUnsigned(a.name, b.name));
        setSortedChildren(sorted);
    }

    /**
     * Makes {@code sorted} the children of this directory.
     *
     * @param sorted nodes of distinct names, sorted by these; must take changes, and becomes this node's own
     */
    public void setSortedChildren(List<Node> sorted) {
        children = sorted;
        for (Node child : sorted) {
            child.parent = this;
        }
    }

    /** Removes the child with this name; returns it, or null if there was none. */
    public @Nullable Node remove(byte[] childName) {
        int position = position(childName);
        return children == null || position < 0 ? null : children.remove(position);
    }

    /** Removes all children. */
    public void clearChildren() {
        children = null;
    }

    private int position(byte[] childName) {
        if (children == null) {
            return -1;
        }
        int low = 0;
        int high = children.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Arrays.compareUnsigned(children.get(middle).name, childName);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }

    /** Returns the absolute path in the image, bytes joined by {@code /}. */
    public byte[] path() {
        if (parent == null) {
            return ROOT_NAME.clone();
        }
        int length = 0;
        for (Node node = this; node.parent != null; node = node.parent) {
            length += node.name.length + 1;
        }
        byte[] path = new byte[length];
        int end = length;
        for (Node node = this; node.parent != null; node = node.parent) {
            end -= node.name.length;
            System.arraycopy(node.name, 0, path, end, node.name.length);
            path[--end] = '/';
        }
        return path;
    }

    /** Returns type and permissions. */
    public int mode() {
        return mode;
    }

    public void setMode(int newMode) {
        mode = newMode;
    }

    public boolean isDirectory() {
        return FileMode.isDirectory(mode);
    }

    public boolean isRegular() {
        return FileMode.isRegular(mode);
    }

    public boolean isSymlink() {
        return FileMode.isSymlink(mode);
    }

    public int uid() {
        return uid;
    }

    public int gid() {
        return gid;
    }

    public void setOwner(int newUid, int newGid) {
        uid = newUid;
        gid = newGid;
    }

    /** Returns the length of a file's content or a link's target, in bytes; a v5 directory's size once it is known. */
    public long size() {
        return size;
    }

    public void setSize(long newSize) {
        size = newSize;
    }

    /** Returns the number of 512-byte units that v5 stores. */
    public long blocks() {
        return blocks;
    }

    public void setBlocks(long newBlocks) {
        blocks = newBlocks;
    }

    /** Returns the device number as stored; what it means depends on the type. */
    public int rdev() {
        return rdev;
    }

    public void setRdev(int newRdev) {
        rdev = newRdev;
    }

    /** Returns the time of last modification, in seconds since 1970. */
    public long mtimeSeconds() {
        return mtimeSeconds;
    }

    /** Returns the nanoseconds of the time of last modification. */
    public int mtimeNanos() {
        return mtimeNanos;
    }

    public void setMtime(long seconds, int nanos) {
        mtimeSeconds = seconds;
        mtimeNanos = nanos;
    }

    /** Returns the target of a symbolic link, or null. */
    public byte @Nullable [] symlinkTarget() {
        return symlinkTarget;
    }

    /** Sets the target of a symbolic link and its size with it. */
    public void setSymlinkTarget(byte[] target) {
        symlinkTarget = target;
        size = target.length;
    }

    /** Returns the xattrs in the order in which they are written. */
    public List<Xattr> xattrs() {
        return xattrs;
    }

    /** Sets the xattrs, sorting them by name so that the same input gives the same image. */
    public void setXattrs(List<Xattr> newXattrs) {
        xattrs = newXattrs.stream()
                .sorted((a, b) -> Arrays.compareUnsigned(a.name(), b.name()))
                .toList();
    }

    /** Sets the xattrs in the given order. */
    public void setXattrsInOrder(List<Xattr> newXattrs) {
        xattrs = List.copyOf(newXattrs);
    }

    /** Returns the chunks of a regular file in file order. The array is not copied; nobody changes it. */
    public ChunkRecord[] chunks() {
        return chunks;
    }

    public void setChunks(ChunkRecord[] newChunks) {
        chunks = newChunks;
    }

    /** Returns v5's digest of the inode; zero until it is known. */
    public Digest digest() {
        return digest;
    }

    public void setDigest(Digest newDigest) {
        digest = newDigest;
    }

    public SourceId sourceId() {
        return sourceId;
    }

    public void setSourceId(SourceId newSourceId) {
        sourceId = newSourceId;
    }

    /** Tells whether v5's HARDLINK flag is written, which archive sources set and directories do not. */
    public boolean hardLinkFlag() {
        return hardLinkFlag;
    }

    public void setHardLinkFlag(boolean flag) {
        hardLinkFlag = flag;
    }

    /** Tells whether the node comes from a parent image, so that its data is not stored again. */
    public boolean lower() {
        return lower;
    }

    public void setLower(boolean newLower) {
        lower = newLower;
    }

    /** Tells whether the source says that its file has no other name, so that numbering need not look for one. */
    public boolean onlyName() {
        return onlyName;
    }

    public void setOnlyName(boolean only) {
        onlyName = only;
    }

    /** Returns the number of this name, from 1 for the root; 0 before numbering. */
    public int index() {
        return index;
    }

    /** Returns the index of the first name of this file. */
    public int ino() {
        return ino;
    }

    /** Returns the number of names of a file, or of directories that know a directory. */
    public int linkCount() {
        return linkCount;
    }

    void setIndex(int newIndex) {
        index = newIndex;
    }

    void setIno(int newIno) {
        ino = newIno;
    }

    void setLinkCount(int newLinkCount) {
        linkCount = newLinkCount;
    }

    @Override
    public String toString() {
        return new String(path(), StandardCharsets.UTF_8);
    }
}
