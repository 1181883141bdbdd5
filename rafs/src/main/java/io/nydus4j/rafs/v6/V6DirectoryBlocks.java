package io.nydus4j.rafs.v6;

import io.nydus4j.rafs.tree.Node;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of a directory to be written: its children with {@code .} and {@code ..} among them in name order, packed into blocks,
 * see {@link V6Dirent}.
 */
final class V6DirectoryBlocks {
    /** Greatest length of a name, in bytes, that Linux takes. */
    static final int MAX_NAME_LENGTH = 255;

    private static final byte[] SELF = {'.'};
    private static final byte[] PARENT = {'.', '.'};

    private final Node directory;
    private final List<Node> children;
    /** Numbers of the entries {@code .} and {@code ..}. */
    private final int self;

    private final int parent;

    /**
     * Takes the entries of {@code directory}.
     *
     * @throws IllegalArgumentException if a child has a name that cannot be one
     */
    V6DirectoryBlocks(Node directory) {
        this.directory = directory;
        this.children = directory.children();
        this.self = childrenBefore(SELF);
        this.parent = childrenBefore(PARENT) + 1;
    }

    private int childrenBefore(byte[] name) {
        int low = 0;
        int high = children.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (Arrays.compareUnsigned(children.get(middle).name(), name) < 0) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /**
     * Checks the names of the children.
     *
     * @throws IllegalArgumentException if one is empty, too long, {@code .} or {@code ..}, or has a slash or a zero byte
     */
    void checkNames() {
        for (Node child : children) {
            byte[] name = child.name();
            if (name.length > MAX_NAME_LENGTH) {
                throw new IllegalArgumentException("the name of " + child + " is too long: " + name.length
                        + " bytes, more than " + MAX_NAME_LENGTH);
            }
            boolean good = name.length != 0 && !Arrays.equals(name, SELF) && !Arrays.equals(name, PARENT);
            for (byte b : name) {
                good &= b != 0 && b != '/';
            }
            if (!good) {
                throw new IllegalArgumentException("a file below " + directory + " cannot have the name \""
                        + new String(name, StandardCharsets.UTF_8) + "\"");
            }
        }
    }

    /** Returns the number of entries. */
    int count() {
        return children.size() + 2;
    }

    /** Returns the child of an entry, or the directory itself or its parent; the root is its own parent. */
    Node node(int entry) {
        if (entry == self) {
            return directory;
        }
        if (entry == parent) {
            Node above = directory.parent();
            return above == null ? directory : above;
        }
        return child(entry);
    }

    /** Returns the name of an entry. */
    byte[] name(int entry) {
        if (entry == self) {
            return SELF;
        }
        return entry == parent ? PARENT : child(entry).name();
    }

    private Node child(int entry) {
        return children.get(entry - (entry > self ? 1 : 0) - (entry > parent ? 1 : 0));
    }

    /** Returns the number of the entry after the last one that fits into a block that starts with {@code first}. */
    int blockEnd(int first, int blockSize) {
        int used = 0;
        int entry = first;
        while (entry < count()) {
            used += V6Dirent.SIZE + name(entry).length;
            if (used > blockSize) {
                break;
            }
            entry++;
        }
        return entry;
    }

    /** Returns the length of the content of the directory in bytes. */
    long size(int blockSize) {
        long blocks = 0;
        int used = 0;
        for (int entry = 0; entry < count(); entry++) {
            int cost = V6Dirent.SIZE + name(entry).length;
            if (used + cost > blockSize) {
                blocks++;
                used = 0;
            }
            used += cost;
        }
        return blocks * blockSize + used;
    }
}
