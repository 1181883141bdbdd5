package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Walks all names of an image: a directory, then all below it, child after child in name order.
 *
 * <p>Safe on hostile images: a directory that has a name in two places (in itself, say) is refused, and so are more names than the
 * bootstrap's bytes can hold, which a few directories could pretend by sharing their entries. The stack is on the heap, however deep
 * the image is. Not safe for use by several threads.
 */
public final class BootstrapWalk {
    /** Bytes that a name takes in a bootstrap of either version, at least, beside the name itself. */
    private static final int LEAST_NAME_COST = 12;

    /** Bytes that a chunk takes in a bootstrap, at least. */
    public static final int LEAST_CHUNK_COST = 8;

    /** Bytes that an xattr takes in a bootstrap, at least, beside its value. */
    public static final int LEAST_XATTR_COST = 4;

    private static final byte[] ROOT_NAME = {'/'};

    /** Takes the names of an image one by one. */
    @FunctionalInterface
    public interface Visitor {
        /**
         * Takes a name.
         *
         * @param inode what the name stands for
         * @param walk  tells {@link #path()}, {@link #name()} and {@link #depth()}, until the visitor returns
         */
        void visit(Inode inode, BootstrapWalk walk) throws RafsFormatException;
    }

    /** Takes the names below a directory one by one, as long as it likes. */
    @FunctionalInterface
    public interface StoppableVisitor {
        /**
         * Takes a name.
         *
         * @param inode what the name stands for
         * @param walk  tells {@link #path()}, {@link #name()} and {@link #depth()}, until the visitor returns
         * @return whether to go on
         * @throws IOException to end the walk
         */
        boolean visit(Inode inode, BootstrapWalk walk) throws IOException;
    }

    /** Longest path, in bytes: sixteen times what Linux takes. A chain of directories cannot make paths cost more than that. */
    private static final int MAX_PATH = 0x1_0000;

    private static final System.Logger LOG = System.getLogger(BootstrapWalk.class.getName());

    private final InodeReader inodes;
    private final StoppableVisitor visitor;
    /** Whether what is broken is left out instead of ending the walk. */
    private final boolean lenient;
    /** The children of the directories from the root to where the walk is. */
    private final List<Directory> open = new ArrayList<>();
    /** Those done, whose room serves others. */
    private final List<Directory> spare = new ArrayList<>();
    /** Inode numbers of the directories seen. */
    private final Set<Long> directories = new HashSet<>();

    private byte[] path = new byte[256];
    private int pathLength;
    private byte[] name = ROOT_NAME;
    private long budget;

    private BootstrapWalk(Bootstrap bootstrap, InodeReader inodes, StoppableVisitor visitor, boolean lenient) {
        this.inodes = inodes;
        this.visitor = visitor;
        this.lenient = lenient;
        this.budget = bootstrap.byteSize();
    }

    /** The children of a directory and how many of them are done. */
    private static final class Directory {
        final List<byte[]> names = new ArrayList<>();
        long[] inos = new long[8];
        int done;
        /** Length of the directory's own path, which is 0 for the root. */
        int pathLength;

        void clear() {
            names.clear();
            done = 0;
        }

        void add(byte[] name, long ino) {
            if (names.size() == inos.length) {
                inos = Arrays.copyOf(inos, inos.length * 2);
            }
            inos[names.size()] = ino;
            names.add(name);
        }
    }

    /**
     * Visits all names, the root first.
     *
     * @throws RafsFormatException if the image is broken where the walk looks, or the visitor throws it
     */
    public static void preOrder(Bootstrap bootstrap, Visitor visitor) throws RafsFormatException {
        walkAll(bootstrap, bootstrap::inode, visitor, false);
    }

    /**
     * Visits all names, the root first, at less cost: the inode that the visitor gets is good only until it returns.
     *
     * @throws RafsFormatException if the image is broken where the walk looks, or the visitor throws it
     */
    public static void preOrderLending(Bootstrap bootstrap, Visitor visitor) throws RafsFormatException {
        walkAll(bootstrap, bootstrap.reader(), visitor, false);
    }

    /**
     * Visits all names that can be read, the root first. What is broken is logged and left out; a broken root leaves nothing.
     *
     * @throws RafsFormatException if the visitor throws it
     */
    public static void preOrderReadable(Bootstrap bootstrap, Visitor visitor) throws RafsFormatException {
        walkAll(bootstrap, bootstrap::inode, visitor, true);
    }

    private static void walkAll(Bootstrap bootstrap, InodeReader inodes, Visitor visitor, boolean lenient)
            throws RafsFormatException {
        StoppableVisitor all = (inode, walk) -> {
            visitor.visit(inode, walk);
            return true;
        };
        try {
            new BootstrapWalk(bootstrap, inodes, all, lenient).run(bootstrap.rootIno());
        } catch (RafsFormatException e) {
            throw e;
        } catch (IOException e) {
            throw new AssertionError("the visitor throws no other exception", e);
        }
    }

    /**
     * Visits a directory and all names below it, until the visitor has had enough.
     *
     * @param ino        number of a directory
     * @param parentPath path of the directory's parent; if empty, the directory counts as {@code /}
     * @throws RafsFormatException if {@code ino} is no directory, or the image is broken where the walk looks
     * @throws IOException         if the visitor throws it
     */
    public static void walkDirectory(
            Bootstrap bootstrap, long ino, Optional<byte[]> parentPath, StoppableVisitor visitor) throws IOException {
        if (!bootstrap.inode(ino).isDirectory()) {
            throw new RafsFormatException("walk", -1, "inode " + ino + " is not a directory");
        }
        BootstrapWalk walk = new BootstrapWalk(bootstrap, bootstrap::inode, visitor, false);
        if (parentPath.isPresent()) {
            byte[] known = bootstrap.path(ino);
            List<byte[]> own = known == null ? List.of() : RafsPaths.components(known);
            List<byte[]> components = new ArrayList<>(RafsPaths.components(parentPath.get()));
            if (!own.isEmpty()) {
                components.add(own.getLast());
                walk.name = own.getLast();
            }
            if (!components.isEmpty()) {
                walk.path = RafsPaths.join(components);
                walk.pathLength = walk.path.length;
            }
        }
        walk.run(ino);
    }

    /** Returns the path from the root, bytes joined and led by {@code /}; {@code /} for the root. */
    public byte[] path() {
        return pathLength == 0 ? ROOT_NAME.clone() : Arrays.copyOf(path, pathLength);
    }

    /** Returns the last component of the path; {@code /} for the root. Not a copy. */
    public byte[] name() {
        return name;
    }

    /** Returns the number of directories above: 0 for the root. */
    public int depth() {
        return open.size();
    }

    private void run(long start) throws IOException {
        if (!visit(start)) {
            return;
        }
        while (!open.isEmpty()) {
            Directory directory = open.getLast();
            if (directory.done == directory.names.size()) {
                directory.clear();
                spare.add(open.removeLast());
                continue;
            }
            int child = directory.done++;
            name = directory.names.get(child);
            setPath(directory.pathLength, name);
            if (!visit(directory.inos[child])) {
                return;
            }
        }
    }

    /** Visits an inode and opens it if it is a directory; returns whether to go on. */
    private boolean visit(long ino) throws IOException {
        Inode inode;
        try {
            inode = inodes.inode(ino);
        } catch (RafsFormatException e) {
            leaveOut(e);
            return true;
        }
        if (!visitor.visit(inode, this)) {
            return false;
        }
        if (inode.isDirectory()) {
            Directory directory = spare.isEmpty() ? new Directory() : spare.removeLast();
            directory.pathLength = pathLength;
            open.add(directory);
            try {
                open(directory, inode);
            } catch (RafsFormatException e) {
                leaveOut(e);
            }
        }
        return true;
    }

    private void leaveOut(RafsFormatException broken) throws RafsFormatException {
        if (!lenient) {
            throw broken;
        }
        LOG.log(System.Logger.Level.WARNING, "left out of the tree: {0}", broken.getMessage());
    }

    private void open(Directory directory, Inode inode) throws RafsFormatException {
        if (!directories.add(inode.ino())) {
            throw new RafsFormatException("inode " + inode.ino(), -1, "the directory has two places in the tree");
        }
        if (pathLength > MAX_PATH) {
            throw new RafsFormatException("inode " + inode.ino(), -1, "its path is longer than " + MAX_PATH + " bytes");
        }
        long[] position = {0};
        while (true) {
            try {
                inode.walk(position[0], (childName, ino, type, next) -> {
                    position[0] = next;
                    if (!isDot(childName)) {
                        directory.add(childName, ino);
                        spend(LEAST_NAME_COST + childName.length);
                    }
                    return true;
                });
                return;
            } catch (RafsFormatException e) {
                leaveOut(e);
                // Entries behind a broken one may be sound. They end with the children and the names . and ..
                if (budget < 0 || ++position[0] >= inode.childCount() + 2L) {
                    return;
                }
            }
        }
    }

    /**
     * Counts what a visitor reads that belongs to one inode, so that it does not read shared bytes again and again. To be called once
     * for a file of several names.
     *
     * @param bytes room that it takes in the bootstrap at least, in bytes
     * @throws RafsFormatException if all counted so far is more than the bootstrap has
     */
    public void spend(long bytes) throws RafsFormatException {
        budget -= bytes;
        if (budget < 0) {
            throw new RafsFormatException("bootstrap", -1, "its names, chunks, xattrs and link targets overlap");
        }
    }

    /**
     * Counts what an inode has beside its name, for a visitor that reads all of it. To be called once for a file of several names.
     *
     * @throws RafsFormatException if the inode is broken, or all counted so far is more than the bootstrap has
     */
    public void spendOn(Inode inode) throws RafsFormatException {
        long[] bytes = {(long) inode.chunkCount() * LEAST_CHUNK_COST};
        if (inode.isSymlink()) {
            bytes[0] += inode.symlinkTarget().length;
        }
        if (inode.hasXattrs()) {
            inode.forEachXattr((_, value) -> bytes[0] += LEAST_XATTR_COST + value.length);
        }
        spend(bytes[0]);
    }

    /** Tells whether {@code name} is {@code .} or {@code ..}. */
    static boolean isDot(byte[] name) {
        return name.length <= 2 && name[0] == '.' && (name.length == 1 || name[1] == '.');
    }

    private void setPath(int parentLength, byte[] child) {
        int length = parentLength + 1 + child.length;
        if (length > path.length) {
            path = Arrays.copyOf(path, Math.max(length, path.length * 2));
        }
        path[parentLength] = '/';
        System.arraycopy(child, 0, path, parentLength + 1, child.length);
        pathLength = length;
    }
}
