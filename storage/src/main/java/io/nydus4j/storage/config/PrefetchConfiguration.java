package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * How, or what, to fetch before it is asked for.
 *
 * @param enable         whether to prefetch at all
 * @param threads        number of requests that run side by side
 * @param batchSize      size that requests are merged up to, in bytes
 * @param bandwidthLimit bytes a second, unsigned 32 bits, 0 for no limit
 * @param prefetchAll    whether everything is prefetched
 * @param streamPrefetch whether whole blobs are read as one stream
 */
public record PrefetchConfiguration(
        boolean enable,
        long threads,
        long batchSize,
        long bandwidthLimit,
        boolean prefetchAll,
        boolean streamPrefetch) {
    /** Number of requests side by side where a document names none. */
    public static final int DEFAULT_THREADS = 8;
    /** Size of merged requests where a document names none, in bytes. */
    public static final int DEFAULT_BATCH_SIZE = 1 << 20;

    /** The values of a document without a section. */
    public static final PrefetchConfiguration ABSENT = new PrefetchConfiguration(false, 0, 0, 0, false, false);

    private static final int MAX_THREADS = 1024;

    Optional<String> problem(String path) {
        if (!enable) {
            return Optional.empty();
        }
        if (Long.compareUnsigned(batchSize, RafsConfiguration.MAX_BATCH_SIZE) > 0) {
            return Optional.of(path + ".prefetch: batch_size is over " + RafsConfiguration.MAX_BATCH_SIZE);
        }
        if (threads == 0 || Long.compareUnsigned(threads, MAX_THREADS) > 0) {
            return Optional.of(path + ".prefetch: threads must be 1 to " + MAX_THREADS);
        }
        return Optional.empty();
    }
}
