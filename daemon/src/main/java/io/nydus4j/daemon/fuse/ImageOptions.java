package io.nydus4j.daemon.fuse;

/**
 * How a mount shows an image.
 *
 * @param index        index of the image among the mounts, 1 to 255; the upper bits of the inode numbers shown
 * @param xattrs       whether xattrs are asked for even if the image says that it has none
 * @param uid          owner to show where the image keeps none
 * @param gid          group to show where the image keeps none
 * @param mountSeconds when the image is mounted, in seconds since 1970
 */
public record ImageOptions(int index, boolean xattrs, int uid, int gid, long mountSeconds) {}
