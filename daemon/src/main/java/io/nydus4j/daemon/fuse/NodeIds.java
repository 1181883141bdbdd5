package io.nydus4j.daemon.fuse;

import io.nydus4j.linux.fuse.FuseRequest;

/**
 * Turns inode numbers of one image into the numbers that a mount shows, and node ids of the kernel into inode numbers.
 *
 * <p>A number shown is the image's index among the mounts in the upper 8 bits, above the number in the image. Node ids are the same
 * numbers, but for the root of the whole mount, which the kernel calls {@value FuseRequest#ROOT_NODE_ID}. They follow from the image
 * alone, so a successor can take a mount over. Mirrors the inode numbers of the reference's VFS.
 *
 * @param index   index of the image, 1 to 255
 * @param rootIno number of the root inode in the image
 */
record NodeIds(int index, long rootIno) {
    /** The largest number that an inode of an image may have. */
    static final long MAX_INO = 0x00FF_FFFF_FFFF_FFFFL;

    private static final int INDEX_SHIFT = 56;

    NodeIds {
        if (index < 1 || index > 255) {
            throw new IllegalArgumentException("index " + index + " is not from 1 to 255");
        }
    }

    /** Returns the number that {@code stat} shows. */
    long shown(long ino) {
        return (long) index << INDEX_SHIFT | ino;
    }

    /** Returns the id by which the kernel asks. */
    long nodeId(long ino) {
        return ino == rootIno ? FuseRequest.ROOT_NODE_ID : shown(ino);
    }

    /** Returns the number in the image, or -1 if the node id is of another image. */
    long ino(long nodeId) {
        if (nodeId == FuseRequest.ROOT_NODE_ID) {
            return rootIno;
        }
        return nodeId >>> INDEX_SHIFT == index ? nodeId & MAX_INO : -1;
    }
}
