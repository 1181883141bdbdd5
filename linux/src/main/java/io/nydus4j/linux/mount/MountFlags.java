package io.nydus4j.linux.mount;

/** The flags of {@code mount} and {@code umount2}. */
public final class MountFlags {
    /** Refuses changes. */
    public static final long READ_ONLY = 1;
    /** Ignores set-user-id bits and file capabilities. */
    public static final long NO_SUID = 2;
    /** Refuses to open device nodes. */
    public static final long NO_DEVICES = 4;
    /** Refuses to run programs. */
    public static final long NO_EXEC = 8;
    /** Changes the flags of a mount that is there. */
    public static final long REMOUNT = 32;
    /** Leaves access times alone. */
    public static final long NO_ACCESS_TIME = 1024;
    /** Mounts a directory a second time. */
    public static final long BIND = 4096;
    /** Takes the mounts below along. */
    public static final long RECURSIVE = 16384;
    /** Keeps mounts here from spreading to other mount namespaces, and the other way. */
    public static final long PRIVATE = 1L << 18;

    /** For unmounting: aborts requests that are under way, where the file system can. */
    public static final int FORCE = 1;
    /** For unmounting: takes the mount out of sight at once, and away when nobody uses it any more. */
    public static final int DETACH = 2;
    /** For unmounting: does not follow a symbolic link. */
    public static final int NO_FOLLOW = 8;

    private MountFlags() {}
}
