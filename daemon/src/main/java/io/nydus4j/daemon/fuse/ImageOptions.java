package io.nydus4j.daemon.fuse;

/**
 * How a mount shows an image.
 *
 * @param index        index of the image among the mounts, 1 to 255; the upper bits of the inode numbers shown
 * @param atRoot       whether it is mounted on the root of the whole mount
 * @param alone        whether there will never be another file system to see, so that the kernel may be told not to ask for what this
 *                     one does not have
 * @param xattrs       whether xattrs are asked for even if the image says that it has none
 * @param uid          owner to show where the image keeps none
 * @param gid          group to show where the image keeps none
 * @param mountSeconds when the image is mounted, in seconds since 1970
 */
public record ImageOptions(
        int index, boolean atRoot, boolean alone, boolean xattrs, int uid, int gid, long mountSeconds) {}
