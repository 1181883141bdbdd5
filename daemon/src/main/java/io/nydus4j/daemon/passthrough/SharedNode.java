package io.nydus4j.daemon.passthrough;

import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.FileStatus;

/**
 * A file, directory or other node of the host that the kernel knows.
 *
 * @param number   by which the kernel calls it
 * @param place    opened as a place only, for look-ups and attributes; while it is open the host gives the inode number to no other file
 * @param identity which inode it is
 * @param mode     its type and, as of the first look-up, permissions
 */
record SharedNode(long number, Descriptor place, Identity identity, int mode) {
    /**
     * Tells inodes of the host apart.
     *
     * @param dev the device that the inode is on
     * @param ino its number there
     */
    record Identity(long dev, long ino) {
        static Identity of(FileStatus status) {
            return new Identity(status.dev(), status.ino());
        }
    }
}
