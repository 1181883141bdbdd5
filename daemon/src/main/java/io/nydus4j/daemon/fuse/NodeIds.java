package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.vfs.NodeNumbers;

/**
 * Turns inode numbers of one image into the numbers that a mount shows, and node ids of the kernel into inode numbers.
 *
 * <p>A number shown has the image's index among the mounts in its upper bits. Node ids are the same numbers, but for the root of the
 * whole mount, which the kernel calls {@value NodeNumbers#ROOT}. They follow from the image and its index alone, so a successor can take
 * a mount over.
 *
 * @param index   index of the image, 1 to 255
 * @param rootIno number of the root inode in the image
 * @param atRoot  whether the image's root is the root of the whole mount
 */
record NodeIds(int index, long rootIno, boolean atRoot) {
    NodeIds {
        if (index < 1 || index > NodeNumbers.MAX_INDEX) {
            throw new IllegalArgumentException("index " + index + " is not from 1 to " + NodeNumbers.MAX_INDEX);
        }
    }

    /** Returns the number that {@code stat} shows. */
    long shown(long ino) {
        return NodeNumbers.of(index, ino);
    }

    /** Returns the id by which the kernel asks. */
    long nodeId(long ino) {
        return atRoot && ino == rootIno ? NodeNumbers.ROOT : shown(ino);
    }

    /** Returns the number in the image, or -1 if the node id is of another image. */
    long ino(long nodeId) {
        if (atRoot && nodeId == NodeNumbers.ROOT) {
            return rootIno;
        }
        return NodeNumbers.index(nodeId) == index ? NodeNumbers.local(nodeId) : -1;
    }
}
