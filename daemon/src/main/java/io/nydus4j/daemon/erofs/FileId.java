package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.file.FileStatus;

/**
 * Which file it is, whatever its names.
 *
 * @param device the device it is on
 * @param inode  its inode number there
 */
record FileId(long device, long inode) {
    /** Stands for a file that nobody looked at. */
    static final FileId UNKNOWN = new FileId(0, 0);

    static FileId of(FileStatus status) {
        return new FileId(status.dev(), status.ino());
    }
}
