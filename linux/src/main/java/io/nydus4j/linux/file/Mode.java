package io.nydus4j.linux.file;

/** The bits of a file's mode: its type and its permissions. */
public final class Mode {
    /** Mask of the type. */
    public static final int TYPE_MASK = 0170000;
    /** A socket. */
    public static final int SOCKET = 0140000;
    /** A symbolic link. */
    public static final int SYMLINK = 0120000;
    /** A regular file. */
    public static final int REGULAR = 0100000;
    /** A block device. */
    public static final int BLOCK_DEVICE = 0060000;
    /** A directory. */
    public static final int DIRECTORY = 0040000;
    /** A character device. */
    public static final int CHARACTER_DEVICE = 0020000;
    /** A named pipe. */
    public static final int FIFO = 0010000;
    /** Runs as the file's owner. */
    public static final int SET_UID = 04000;
    /** Runs as the file's group. */
    public static final int SET_GID = 02000;
    /** In such a directory only owners remove. */
    public static final int STICKY = 01000;
    /** Mask of everything that is not the type. */
    public static final int PERMISSION_MASK = 07777;

    private Mode() {}

    /** Tells whether the mode is a directory's. */
    public static boolean isDirectory(int mode) {
        return (mode & TYPE_MASK) == DIRECTORY;
    }

    /** Tells whether the mode is a regular file's. */
    public static boolean isRegular(int mode) {
        return (mode & TYPE_MASK) == REGULAR;
    }

    /** Tells whether the mode is a symbolic link's. */
    public static boolean isSymlink(int mode) {
        return (mode & TYPE_MASK) == SYMLINK;
    }
}
