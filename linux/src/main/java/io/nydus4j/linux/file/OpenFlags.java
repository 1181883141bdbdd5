package io.nydus4j.linux.file;

/** The flags of {@code open}, with the numbers of the machine's architecture where those differ. */
public final class OpenFlags {
    private static final boolean ARM = System.getProperty("os.arch", "").equals("aarch64");

    /** For reading. */
    public static final int READ_ONLY = 0;
    /** For writing. */
    public static final int WRITE_ONLY = 1;
    /** For reading and writing. */
    public static final int READ_WRITE = 2;
    /** Creates the file if there is none. */
    public static final int CREATE = 0100;
    /** With {@link #CREATE}, fails if there is one. */
    public static final int EXCLUSIVE = 0200;
    /** Cuts the file to length 0. */
    public static final int TRUNCATE = 01000;
    /** Writes at the end. */
    public static final int APPEND = 02000;
    /** Never waits. */
    public static final int NON_BLOCKING = 04000;
    /** Fails if it is not a directory. */
    public static final int DIRECTORY = ARM ? 040000 : 0200000;
    /** Fails if it is a symbolic link; with {@link #PATH}, opens the link itself. */
    public static final int NO_FOLLOW = ARM ? 0100000 : 0400000;
    /** Leaves the access time alone; only the owner may ask for it. */
    public static final int NO_ACCESS_TIME = 01000000;
    /** Closes at {@code exec}; always set by {@link PosixFiles}. */
    public static final int CLOSE_ON_EXEC = 02000000;
    /** Opens the name only: no data, but a place for look-ups and attributes. */
    public static final int PATH = 010000000;
    /** Bypasses the page cache. */
    public static final int DIRECT = ARM ? 0200000 : 040000;
    /** Makes a file without a name in the directory that is opened. */
    public static final int TEMPORARY_FILE = 020000000 | DIRECTORY;

    private OpenFlags() {}
}
