package io.nydus4j.daemon;

import java.util.Optional;

/**
 * Where a file system is mounted.
 *
 * @param mountPoint where in the daemon's name space, as the request had it
 * @param index      index among the mounts, 1 to 255
 * @param atRoot     whether that is the root
 * @param alone      whether nothing else will ever be mounted
 * @param inherited  whether a predecessor served it
 * @param shown      where that name space is on the host, without symbolic links
 * @param journal    path of the file by which a successor knows the nodes of what can be changed, if one shall take over
 */
@SuppressWarnings("ArrayRecordComponent") // names are bytes; places are not compared
record MountPlace(
        String mountPoint,
        int index,
        boolean atRoot,
        boolean alone,
        boolean inherited,
        byte[] shown,
        Optional<byte[]> journal) {
    /** Returns this place for what hides, if it is at the root, all that may be mounted later. */
    MountPlace ofFirst() {
        return new MountPlace(mountPoint, index, atRoot, atRoot, inherited, shown, journal);
    }

    /** Returns this place for what a predecessor served. */
    MountPlace ofPredecessor() {
        return new MountPlace(mountPoint, index, atRoot, alone, true, shown, journal);
    }
}
