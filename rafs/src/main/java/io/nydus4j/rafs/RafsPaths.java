package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds inodes by path, and paths of inodes. Paths are bytes, absolute, with {@code /} between names; repeated and trailing slashes
 * and {@code .} do not count, {@code ..} is a name like any other.
 */
public final class RafsPaths {
    private static final byte[] DOT_DOT = {'.', '.'};
    private static final byte[] ROOT = {'/'};

    private RafsPaths() {}

    /**
     * Splits a path into its names.
     *
     * @param path absolute or not
     */
    public static List<byte[]> components(byte[] path) {
        List<byte[]> components = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= path.length; i++) {
            if (i < path.length && path[i] != '/') {
                continue;
            }
            if (i > start && !(i == start + 1 && path[start] == '.')) {
                components.add(Arrays.copyOfRange(path, start, i));
            }
            start = i + 1;
        }
        return components;
    }

    /** Returns the absolute path of {@code components}; {@code /} if there are none. */
    public static byte[] join(List<byte[]> components) {
        if (components.isEmpty()) {
            return ROOT.clone();
        }
        long length = 0;
        for (byte[] component : components) {
            length += component.length + 1L;
        }
        byte[] path = new byte[Math.toIntExact(length)];
        int end = 0;
        for (byte[] component : components) {
            path[end++] = '/';
            System.arraycopy(component, 0, path, end, component.length);
            end += component.length;
        }
        return path;
    }

    /**
     * Finds an inode by path; null if there is none.
     *
     * @throws IllegalArgumentException if the path is not absolute
     * @throws RafsFormatException      if an inode on the way is broken
     */
    public static @Nullable Inode inodeFromPath(Bootstrap bootstrap, byte[] path) throws RafsFormatException {
        if (path.length == 0 || path[0] != '/') {
            throw new IllegalArgumentException("expected an absolute path");
        }
        Inode inode = bootstrap.root();
        for (byte[] name : components(path)) {
            Inode child = inode.isDirectory() ? inode.child(name) : null;
            if (child == null) {
                return null;
            }
            inode = child;
        }
        return inode;
    }

    /**
     * Finds the number of an inode by path; empty if there is none.
     *
     * @throws IllegalArgumentException if the path is not absolute
     * @throws RafsFormatException      if an inode on the way is broken
     */
    public static OptionalLong inoFromPath(Bootstrap bootstrap, byte[] path) throws RafsFormatException {
        Inode inode = inodeFromPath(bootstrap, path);
        return inode == null ? OptionalLong.empty() : OptionalLong.of(inode.ino());
    }

    /** Returns a path that leads to an inode, or null: {@link Bootstrap#path(long)}. */
    public static byte @Nullable [] pathFromIno(Bootstrap bootstrap, long ino) throws RafsFormatException {
        return bootstrap.path(ino);
    }

    /** Finds the path of a directory by its {@code ..} entries and its name in each parent; null for what is no directory. */
    static byte @Nullable [] directoryPath(Bootstrap bootstrap, long ino) throws RafsFormatException {
        List<byte[]> names = new ArrayList<>();
        Set<Long> seen = new HashSet<>();
        long current = ino;
        Inode inode = bootstrap.inode(current);
        if (!inode.isDirectory()) {
            return null;
        }
        while (current != bootstrap.rootIno()) {
            if (!seen.add(current)) {
                throw new RafsFormatException("inode " + ino, -1, "its parents form a circle");
            }
            Inode parent = inode.child(DOT_DOT);
            if (parent == null) {
                throw new RafsFormatException("inode " + current, -1, "it has no parent");
            }
            names.add(nameIn(parent, current));
            current = parent.ino();
            inode = parent;
        }
        Collections.reverse(names);
        return join(names);
    }

    private static byte[] nameIn(Inode directory, long ino) throws RafsFormatException {
        byte[][] found = new byte[1][];
        directory.walk(0, (name, entry, type, next) -> {
            if (entry == ino && !BootstrapWalk.isDot(name)) {
                found[0] = name;
            }
            return found[0] == null;
        });
        if (found[0] == null) {
            throw new RafsFormatException("inode " + ino, -1, "its parent does not list it");
        }
        return found[0];
    }
}
