package io.nydus4j.linux.fuse;

/** The kinds of requests, numbered as in the kernel's {@code linux/fuse.h}. */
public final class FuseOpcode {
    /** Looks a name up in a directory. */
    public static final int LOOKUP = 1;
    /** Gives up look-ups of a node; not answered. */
    public static final int FORGET = 2;
    /** Reads attributes. */
    public static final int GETATTR = 3;
    /** Reads the target of a symbolic link. */
    public static final int READLINK = 5;
    /** Opens a file. */
    public static final int OPEN = 14;
    /** Reads data. */
    public static final int READ = 15;
    /** Describes the file system. */
    public static final int STATFS = 17;
    /** Ends an open. */
    public static final int RELEASE = 18;
    /** Reads an extended attribute. */
    public static final int GETXATTR = 22;
    /** Lists extended attributes. */
    public static final int LISTXATTR = 23;
    /** Sent at each close of a descriptor. */
    public static final int FLUSH = 25;
    /** Opens the conversation. */
    public static final int INIT = 26;
    /** Opens a directory. */
    public static final int OPENDIR = 27;
    /** Lists a directory. */
    public static final int READDIR = 28;
    /** Ends an open of a directory. */
    public static final int RELEASEDIR = 29;
    /** Checks permissions, where the kernel does not. */
    public static final int ACCESS = 34;
    /** Says that the client no longer waits; not answered. */
    public static final int INTERRUPT = 36;
    /** Ends the conversation. */
    public static final int DESTROY = 38;
    /** Answers a notification of ours; not answered. */
    public static final int NOTIFY_REPLY = 41;
    /** Many {@link #FORGET}s at once; not answered. */
    public static final int BATCH_FORGET = 42;
    /** Lists a directory with attributes. */
    public static final int READDIRPLUS = 44;
    /** Finds data and holes. */
    public static final int LSEEK = 46;
    /** Reads extended attributes of {@code statx}. */
    public static final int STATX = 52;

    /** Changes attributes, the length among them. */
    public static final int SETATTR = 4;
    /** Makes a symbolic link. */
    public static final int SYMLINK = 6;
    /** Makes a node that is no directory and no symbolic link. */
    public static final int MKNOD = 8;
    /** Makes a directory. */
    public static final int MKDIR = 9;
    /** Removes a name that is not a directory's. */
    public static final int UNLINK = 10;
    /** Removes a directory. */
    public static final int RMDIR = 11;
    /** Renames. */
    public static final int RENAME = 12;
    /** Gives a node another name. */
    public static final int LINK = 13;
    /** Writes data. */
    public static final int WRITE = 16;
    /** Waits until data is on the disk. */
    public static final int FSYNC = 20;
    /** Sets an extended attribute. */
    public static final int SETXATTR = 21;
    /** Removes an extended attribute. */
    public static final int REMOVEXATTR = 24;
    /** Waits until names are on the disk. */
    public static final int FSYNCDIR = 30;
    /** Makes a file and opens it. */
    public static final int CREATE = 35;
    /** Reserves or frees space. */
    public static final int FALLOCATE = 43;
    /** Renames, with flags. */
    public static final int RENAME2 = 45;
    /** Copies a range of one file to another. */
    public static final int COPY_FILE_RANGE = 47;

    private static final int TMPFILE = 51;

    private FuseOpcode() {}

    /** Tells whether such a request would change the file system. */
    static boolean isChange(int opcode) {
        return switch (opcode) {
            case SETATTR, SYMLINK, WRITE, SETXATTR, REMOVEXATTR, CREATE, FALLOCATE, RENAME2, COPY_FILE_RANGE, TMPFILE ->
                true;
            default -> opcode >= MKNOD && opcode <= LINK; // MKNOD, MKDIR, UNLINK, RMDIR, RENAME, LINK
        };
    }
}
