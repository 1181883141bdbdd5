package io.nydus4j.daemon;

/** Why a daemon has ended. */
public enum DaemonEnd {
    /** It was told to stop, and has unmounted. */
    STOPPED,
    /** Somebody else unmounted its file system. */
    UNMOUNTED,
    /** It was told to end and to leave its mount. */
    LEFT,
    /** Its mounts need no process any more, and go on without it. */
    DETACHED,
    /** The kernel's FUSE device failed. */
    FAILED;

    /** Returns the exit code of a process that is nothing but the daemon. */
    public int exitCode() {
        return this == FAILED ? 1 : 0;
    }
}
