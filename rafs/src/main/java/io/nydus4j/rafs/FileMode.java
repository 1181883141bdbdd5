package io.nydus4j.rafs;

/** The file type bits of a mode, as {@code stat(2)} has them. */
public final class FileMode {
    /** Mask of the type bits. */
    public static final int TYPE_MASK = 0xF000;

    public static final int FIFO = 0x1000;
    public static final int CHARACTER_DEVICE = 0x2000;
    public static final int DIRECTORY = 0x4000;
    public static final int BLOCK_DEVICE = 0x6000;
    public static final int REGULAR = 0x8000;
    public static final int SYMLINK = 0xA000;
    public static final int SOCKET = 0xC000;

    private FileMode() {}

    /** Returns the type bits of {@code mode}. */
    public static int type(int mode) {
        return mode & TYPE_MASK;
    }

    public static boolean isRegular(int mode) {
        return type(mode) == REGULAR;
    }

    public static boolean isDirectory(int mode) {
        return type(mode) == DIRECTORY;
    }

    public static boolean isSymlink(int mode) {
        return type(mode) == SYMLINK;
    }

    /** Tells whether {@code mode} is that of a character or block device, which have a device number. */
    public static boolean isDevice(int mode) {
        return type(mode) == CHARACTER_DEVICE || type(mode) == BLOCK_DEVICE;
    }
}
