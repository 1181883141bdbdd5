package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.fuse.FuseRequest;
import java.time.Instant;

/**
 * How 64-bit numbers are shared out among file systems: the index of the file system in the upper 8 bits, its own number below. Index 0
 * is the directories above the mounts. Mirrors the inode numbers of the reference's VFS.
 */
public final class NodeNumbers {
    /** The largest number that a node of a file system may have. */
    public static final long MAX_LOCAL = 0x00FF_FFFF_FFFF_FFFFL;

    /** The largest index, and so the most file systems at once. */
    public static final int MAX_INDEX = 255;

    /** The root of the whole mount, as the kernel calls it. */
    public static final long ROOT = FuseRequest.ROOT_NODE_ID;

    private static final int INDEX_SHIFT = 56;
    /** The first number below a root, which is 1, as the reference counts. */
    private static final long FIRST_LOCAL = 2;
    /** 2 to this power numbers are left for each second since 1970: more than a predecessor can have given. */
    private static final int SECOND_SHIFT = 20;

    private NodeNumbers() {}

    /** Returns the number of a node of the file system with an index. */
    public static long of(int index, long local) {
        return (long) index << INDEX_SHIFT | local;
    }

    /** Returns the index of the file system that a number belongs to, 0 to {@value #MAX_INDEX}. */
    public static int index(long number) {
        return (int) (number >>> INDEX_SHIFT);
    }

    /**
     * Returns the first number that a file system gives to a node or a handle.
     *
     * @param inherited whether a predecessor served it: then it is one that no predecessor gave
     */
    public static long firstLocal(boolean inherited) {
        return inherited ? Instant.now().getEpochSecond() << SECOND_SHIFT : FIRST_LOCAL;
    }

    /** Returns a number without its index. */
    public static long local(long number) {
        return number & MAX_LOCAL;
    }
}
