package io.nydus4j.linux.fuse;

/**
 * What was agreed with the kernel at INIT, once for the life of a mount.
 *
 * <p>The kernel does not repeat it, so a process that takes a mount over needs it from the one before: it is five numbers, to be kept
 * with the descriptor.
 *
 * @param minor minor version of the protocol, of major 7
 * @param flags what is in use, bits of the constants here
 * @param maxReadAheadBytes most bytes that the kernel reads ahead by itself, unless the mount's {@code read_ahead_kb} is set
 * @param maxWriteBytes most bytes of a write
 * @param maxRequestBytes most bytes that one request asks for
 */
public record FuseConnection(int minor, long flags, int maxReadAheadBytes, int maxWriteBytes, int maxRequestBytes) {
    /** Several reads of one file at once. */
    public static final long ASYNC_READ = 1L;
    /** Look-ups of "." and "..", which an NFS server needs. */
    public static final long EXPORT_SUPPORT = 1L << 4;
    /** Writes of more than a page. */
    public static final long BIG_WRITES = 1L << 5;
    /** What is kept of a file or listing is dropped when its time of change is another than before. */
    public static final long AUTO_INVALIDATE = 1L << 12;
    /** Listing with attributes. */
    public static final long READDIRPLUS = 1L << 13;
    /** Listing with attributes where it seems worth it. */
    public static final long READDIRPLUS_AUTO = 1L << 14;
    /** Files are read without an open, once OPEN was answered by ENOSYS. */
    public static final long NO_OPEN_SUPPORT = 1L << 17;
    /** Several look-ups in one directory at once. */
    public static final long PARALLEL_DIROPS = 1L << 18;
    /** The kernel knows access control lists: it keeps them, and permits what they permit. Brings {@code default_permissions}. */
    public static final long POSIX_ACL = 1L << 20;
    /** An aborted connection is told from an unmounted one. */
    public static final long ABORT_ERROR = 1L << 21;
    /** Requests of more than 32 pages. */
    public static final long MAX_PAGES = 1L << 22;
    /** The kernel keeps the targets of symbolic links. */
    public static final long CACHE_SYMLINKS = 1L << 23;
    /** Directories are listed without an open and kept by the kernel, once OPENDIR was answered by ENOSYS. */
    public static final long NO_OPENDIR_SUPPORT = 1L << 24;
    /** The upper half of these flags is in use. */
    public static final long INIT_EXT = 1L << 30;
    /** Requests that were read but not answered can be had again. */
    public static final long HAS_RESEND = 1L << 39;

    /** All that this transport can make use of. */
    public static final long SUPPORTED = ASYNC_READ
            | EXPORT_SUPPORT
            | BIG_WRITES
            | AUTO_INVALIDATE
            | READDIRPLUS
            | READDIRPLUS_AUTO
            | NO_OPEN_SUPPORT
            | PARALLEL_DIROPS
            | POSIX_ACL
            | ABORT_ERROR
            | MAX_PAGES
            | CACHE_SYMLINKS
            | NO_OPENDIR_SUPPORT
            | INIT_EXT
            | HAS_RESEND;

    /** What is agreed on as the largest write where none is to come, in bytes. */
    static final int NO_WRITES = 4096;

    /** Tells whether clients may change something; then files and directories are opened, too. */
    public boolean isForWriting() {
        return maxWriteBytes > NO_WRITES;
    }

    /** Tells whether all of {@code mask}'s flags are in use. */
    public boolean has(long mask) {
        return (flags & mask) == mask;
    }
}
