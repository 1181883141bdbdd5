package io.nydus4j.linux.fuse;

/**
 * How a session runs.
 *
 * @param threads number of loops, 1 to 64; as many as processors is best, more only hurt
 * @param flags what to agree on with the kernel where it offers it, bits of {@link FuseConnection}
 * @param maxRequestBytes most bytes that one request may ask for, 128 KiB to 1 MiB, a multiple of 64 KiB
 * @param maxBackground most requests for read-ahead that the kernel has under way at once, 1 to 32767: reads that wait for the
 *     network count, so it is well above the kernel's own 12
 * @param writes whether clients may change something
 * @param readAheadKiB read-ahead to set once mounted, in KiB, or 0 to leave the kernel's
 */
public record FuseOptions(
        int threads, long flags, int maxRequestBytes, int maxBackground, boolean writes, int readAheadKiB) {
    /** Checks the ranges. */
    public FuseOptions {
        check(threads >= 1 && threads <= 64, "threads", threads);
        check(
                maxRequestBytes >= 128 << 10 && maxRequestBytes <= 1 << 20 && maxRequestBytes % (64 << 10) == 0,
                "maxRequestBytes",
                maxRequestBytes);
        check(maxBackground >= 1 && maxBackground <= Short.MAX_VALUE, "maxBackground", maxBackground);
        check(readAheadKiB >= 0, "readAheadKiB", readAheadKiB);
    }

    /** Returns what suits a daemon: a loop per processor but 2 to 4, all features, requests and read-ahead of 1 MiB. */
    public static FuseOptions defaults() {
        int processors = Runtime.getRuntime().availableProcessors();
        return new FuseOptions(Math.clamp(processors, 2, 4), FuseConnection.SUPPORTED, 1 << 20, 256, false, 1024);
    }

    /** Returns these options with another number of loops. */
    public FuseOptions withThreads(int count) {
        return new FuseOptions(count, flags, maxRequestBytes, maxBackground, writes, readAheadKiB);
    }

    /** Returns these options without some features, bits of {@link FuseConnection}. */
    public FuseOptions without(long unwanted) {
        return new FuseOptions(threads, flags & ~unwanted, maxRequestBytes, maxBackground, writes, readAheadKiB);
    }

    /**
     * Returns these options for a file system that clients may change. They open files and directories then, whatever the handler says,
     * for no part of it may tell the kernel not to ask; and the kernel leaves it to the handler who may do what by access control lists,
     * which it would keep and change itself.
     */
    public FuseOptions forWriting() {
        long kept = flags
                & ~(FuseConnection.NO_OPEN_SUPPORT | FuseConnection.NO_OPENDIR_SUPPORT | FuseConnection.POSIX_ACL);
        return new FuseOptions(threads, kept, maxRequestBytes, maxBackground, true, readAheadKiB);
    }

    private static void check(boolean valid, String name, int value) {
        if (!valid) {
            throw new IllegalArgumentException(name + " out of range: " + value);
        }
    }
}
