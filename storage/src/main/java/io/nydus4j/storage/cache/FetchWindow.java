package io.nydus4j.storage.cache;

/**
 * How far a request may grow beyond what was asked for.
 *
 * @param batchSize stored bytes that a request grows to, at least 128 KiB
 * @param gap       stored bytes of no use that are read in passing rather than with a request of their own
 */
record FetchWindow(long batchSize, long gap) {
    private static final long LEAST = 128 << 10;
    private static final long MOST = 64 << 20;
    private static final int GAP_SHIFT = 7;

    /** Returns the window for a configured batch size in bytes. */
    static FetchWindow of(long configured) {
        long batchSize = Math.clamp(configured, LEAST, MOST);
        return new FetchWindow(batchSize, batchSize >> GAP_SHIFT);
    }
}
