package io.nydus4j.daemon.vfs;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A directory above mounts. Changed by one thread at a time, read by any. */
final class PseudoDirectory {
    private final long ino;
    private final PseudoDirectory parent;
    private final byte[] name;
    private final List<PseudoDirectory> children = new CopyOnWriteArrayList<>();
    private volatile int mount;
    private volatile Instant changed = Instant.now();

    private PseudoDirectory(long ino, @Nullable PseudoDirectory parent, byte[] name) {
        this.ino = ino;
        this.parent = parent == null ? this : parent;
        this.name = name;
    }

    /** Makes the root. */
    static PseudoDirectory root() {
        return new PseudoDirectory(NodeNumbers.ROOT, null, new byte[0]);
    }

    /** Adds a directory. */
    PseudoDirectory add(long number, String childName) {
        PseudoDirectory child = new PseudoDirectory(number, this, childName.getBytes(StandardCharsets.UTF_8));
        children.add(child);
        changed = Instant.now();
        return child;
    }

    /** Forgets all directories in this one. */
    void clear() {
        children.clear();
        changed = Instant.now();
    }

    /** Returns the inode number. */
    long ino() {
        return ino;
    }

    /** Returns the directory above; that of the root is the root. */
    PseudoDirectory parent() {
        return parent;
    }

    byte[] name() {
        return name;
    }

    /** Returns the directories in this one, in the order they were made. */
    List<PseudoDirectory> children() {
        return children;
    }

    /** Returns the directory of this name, or null. */
    @Nullable
    PseudoDirectory child(String childName) {
        byte[] bytes = childName.getBytes(StandardCharsets.UTF_8);
        for (PseudoDirectory child : children) {
            if (Arrays.equals(child.name, bytes)) {
                return child;
            }
        }
        return null;
    }

    /** Returns the index of the file system that is mounted here, 0 if none is. */
    int mount() {
        return mount;
    }

    /** Says what is mounted here; the directory above shows another entry from now on. */
    void mount(int index) {
        mount = index;
        parent.changed = Instant.now();
    }

    /** Returns when something last changed in here, by which the kernel knows whether its listing is still right. */
    Instant changed() {
        return changed;
    }
}
