package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
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

    private final Bootstrap bootstrap;
    private final Visitor visitor;
    /** The children of the directories from the root to where the walk is. */
    private final List<Directory> open = new ArrayList<>();
    /** Inode numbers of the directories seen. */
    private final Set<Long> directories = new HashSet<>();

    private byte[] path = new byte[256];
    private int pathLength;
    private byte[] name = ROOT_NAME;
    private long budget;

    private BootstrapWalk(Bootstrap bootstrap, Visitor visitor) {
        this.bootstrap = bootstrap;
        this.visitor = visitor;
        this.budget = bootstrap.byteSize();
    }

    /** The children of a directory and how many of them are done. */
    private static final class Directory {
        final List<byte[]> names = new ArrayList<>();
        long[] inos = new long[8];
        int done;
        /** Length of the directory's own path, which is 0 for the root. */
        int pathLength;
    }

    /**
     * Visits all names, the root first.
     *
     * @throws RafsFormatException if the image is broken where the walk looks, or the visitor throws it
     */
    public static void preOrder(Bootstrap bootstrap, Visitor visitor) throws RafsFormatException {
        new BootstrapWalk(bootstrap, visitor).run();
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

    private void run() throws RafsFormatException {
        visit(bootstrap.root());
        while (!open.isEmpty()) {
            Directory directory = open.getLast();
            if (directory.done == directory.names.size()) {
                open.removeLast();
                continue;
            }
            int child = directory.done++;
            name = directory.names.get(child);
            setPath(directory.pathLength, name);
            visit(bootstrap.inode(directory.inos[child]));
        }
    }

    private void visit(Inode inode) throws RafsFormatException {
        visitor.visit(inode, this);
        if (inode.isDirectory()) {
            open.add(open(inode));
        }
    }

    private Directory open(Inode inode) throws RafsFormatException {
        if (!directories.add(inode.ino())) {
            throw new RafsFormatException("inode " + inode.ino(), -1, "the directory has two places in the tree");
        }
        Directory directory = new Directory();
        directory.pathLength = pathLength;
        inode.walk(0, (childName, ino, type, next) -> {
            if (!isDot(childName)) {
                spend(LEAST_NAME_COST + childName.length);
                int count = directory.names.size();
                if (count == directory.inos.length) {
                    directory.inos = Arrays.copyOf(directory.inos, count * 2);
                }
                directory.inos[count] = ino;
                directory.names.add(childName);
            }
            return true;
        });
        return directory;
    }

    private void spend(int cost) throws RafsFormatException {
        budget -= cost;
        if (budget < 0) {
            throw new RafsFormatException("directory", -1, "the image has more names than there is room for");
        }
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
