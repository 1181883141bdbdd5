package io.nydus4j.storage.cache;

/**
 * How far a request may grow beyond what was asked for.
 *
 * @param batchSize stored bytes that a request grows to, at least 128 KiB
 * @param gap       stored bytes of no use that are read in passing rather than with a request of their own
 * @param plainSize plain bytes that a request grows to
 */
record FetchWindow(long batchSize, long gap, long plainSize) {
    private static final long LEAST = 128 << 10;
    private static final long MOST = 64 << 20;
    private static final int GAP_SHIFT = 7;
    private static final int PARTS = 32;

    /** Returns the window for a configured batch size in bytes. */
    static FetchWindow of(long configured) {
        long batchSize = Math.clamp(configured, LEAST, MOST);
        return new FetchWindow(batchSize, batchSize >> GAP_SHIFT, Long.MAX_VALUE);
    }

    /** Returns this window for a file that may hold some bytes only: no request is to fill more than a small part of them. */
    FetchWindow within(long bytes) {
        return new FetchWindow(batchSize, gap, bytes / PARTS);
    }

    /** Returns this window for requests of no more stored bytes than some, but for one unit. */
    FetchWindow upTo(long storedBytes) {
        return new FetchWindow(Math.min(batchSize, storedBytes), gap, plainSize);
    }
}
