package io.nydus4j.daemon.fuse;

import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.rafs.Inode;

/**
 * What a mount makes of an inode's attributes.
 *
 * <ul>
 *   <li>Owner and group are those of the daemon unless the image keeps them.
 *   <li>The root's permissions are 0755; its set-group-id and sticky bits stay. Its times are those of the mount if the image has none; every other inode shows what is
 *       stored, 1970 too, for archives built to be reproducible have that. (The reference shows the time of the mount there.)
 *   <li>Access and change times are 0, for the image has none.
 * </ul>
 *
 * @param nodes         numbers
 * @param explicitOwner whether the image keeps owners
 * @param uid           user id to show otherwise
 * @param gid           group id to show otherwise
 * @param mountSeconds  when the image was mounted, in seconds since 1970
 */
record ImageRules(NodeIds nodes, boolean explicitOwner, int uid, int gid, long mountSeconds) {
    private static final int PERMISSIONS = 0777;
    private static final int ROOT_PERMISSIONS = 0755;
    private static final int BLOCK_SIZE = 4096;

    /** Fills in the attributes of an inode. Allocates nothing. */
    FuseAttributes fill(Inode inode, FuseAttributes attributes) {
        boolean root = inode.ino() == nodes.rootIno();
        attributes
                .ino(nodes.shown(inode.ino()))
                .size(inode.size())
                .blocks(inode.blocks())
                .mode(mode(inode))
                .links(inode.linkCount())
                .device(inode.rdev())
                .blockSize(BLOCK_SIZE)
                .owner(uid(inode), gid(inode));
        if (root && inode.mtimeSeconds() == 0) {
            return attributes.times(mountSeconds, 0);
        }
        return attributes.mtime(inode.mtimeSeconds(), inode.mtimeNanos());
    }

    /** Returns the mode to show. */
    int mode(Inode inode) {
        return inode.ino() == nodes.rootIno() ? inode.mode() & ~PERMISSIONS | ROOT_PERMISSIONS : inode.mode();
    }

    /** Returns the owner to show. */
    int uid(Inode inode) {
        return explicitOwner ? inode.uid() : uid;
    }

    /** Returns the group to show. */
    int gid(Inode inode) {
        return explicitOwner ? inode.gid() : gid;
    }

    /**
     * Tells whether a process may do something with an inode. The bits of owner, group and others count each if it is one, so that
     * any of them suffices. Mirrors {@code Rafs::access} of the reference.
     *
     * @param mask bits 4 read, 2 write, 1 execute
     */
    boolean mayAccess(Inode inode, int mask, int user, int group) {
        int wanted = mask & 7;
        int mode = mode(inode);
        if (user == 0) {
            return (wanted & 1) == 0 || (mode & 0111) != 0;
        }
        for (int bit = 1; bit <= 4; bit <<= 1) {
            boolean granted = (mode & bit) != 0
                    || user == uid(inode) && (mode & bit << 6) != 0
                    || group == gid(inode) && (mode & bit << 3) != 0;
            if ((wanted & bit) != 0 && !granted) {
                return false;
            }
        }
        return true;
    }
}
