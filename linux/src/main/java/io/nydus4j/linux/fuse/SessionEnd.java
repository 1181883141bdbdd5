package io.nydus4j.linux.fuse;

/** Why a session's loops ended. */
public enum SessionEnd {
    /** The file system was unmounted, by {@code umount} or by the session's own closing. */
    UNMOUNTED,
    /** {@link FuseSession#stop} was called; the mount is there still, for a successor. */
    STOPPED,
    /** The connection was aborted, by {@code umount -f} or through {@code /sys/fs/fuse/connections}. */
    ABORTED,
    /** The device failed in a way that is not foreseen. */
    FAILED
}
