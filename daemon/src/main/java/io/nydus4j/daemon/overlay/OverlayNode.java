package io.nydus4j.daemon.overlay;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.Mode;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A file, directory or other node of an overlay that the kernel knows. What has no comment of its own is guarded by the lock of
 * {@link OverlayTree}.
 */
final class OverlayNode {
    /** In the place of an inode number: nothing below. */
    static final long NONE = -1;

    private final long number;
    private final int type;
    private final long lower;
    private final @Nullable OverlayNode parent;
    private final byte[] name;
    private volatile @Nullable Descriptor upper;

    /** Look-ups that the kernel holds, and uses of this process. */
    long lookups;
    /** Nodes whose {@link #parent} this is. */
    int children;
    /** Whether it has no name any more. */
    boolean gone;
    /** Completes when the copy that is being made is in its place. */
    @Nullable
    CompletableFuture<Boolean> copying;

    /**
     * Makes a node.
     *
     * @param number by which the kernel calls it
     * @param type   type bits of its mode
     * @param lower  inode number in the image, {@link #NONE} for what the image does not show through
     * @param upper  place in the upper directory, if it is there
     * @param parent directory of the image that it is in, where it has a lower inode
     * @param name   its name there
     */
    OverlayNode(
            long number, int type, long lower, @Nullable Descriptor upper, @Nullable OverlayNode parent, byte[] name) {
        this.number = number;
        this.type = type & Mode.TYPE_MASK;
        this.lower = lower;
        this.upper = upper;
        this.parent = parent;
        this.name = name;
    }

    long number() {
        return number;
    }

    /** Returns the type bits of its mode. */
    int type() {
        return type;
    }

    boolean isDirectory() {
        return Mode.isDirectory(type);
    }

    boolean isRegular() {
        return Mode.isRegular(type);
    }

    boolean isSymlink() {
        return Mode.isSymlink(type);
    }

    /** Returns its inode number in the image; for what is no directory it counts only while there is no {@link #upper}. */
    long lower() {
        return lower;
    }

    boolean hasLower() {
        return lower != NONE;
    }

    /** Returns its place in the upper directory, or null. Once there it stays; readable by any thread. */
    @Nullable
    Descriptor upper() {
        return upper;
    }

    /** Says where the copy is. */
    void upper(Descriptor place) {
        upper = place;
    }

    @Nullable
    OverlayNode parent() {
        return parent;
    }

    byte[] name() {
        return name;
    }
}
