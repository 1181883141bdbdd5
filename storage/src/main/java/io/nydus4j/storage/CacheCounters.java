package io.nydus4j.storage;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Counts what a cache served and fetched. Safe for use by several threads. Mirrors {@code BlobcacheMetrics} of the reference. */
public final class CacheCounters {
    private final String storePath;
    private final Set<String> files = new ConcurrentSkipListSet<>();
    private final LongAdder partialHits = new LongAdder();
    private final LongAdder wholeHits = new LongAdder();
    private final LongAdder requests = new LongAdder();
    private final LongAdder entries = new LongAdder();
    private final LongAdder fetchedBytes = new LongAdder();
    private final LongAdder bufferedBytes = new LongAdder();
    private final LongAdder prefetchBytes = new LongAdder();
    private final LongAdder prefetchRequests = new LongAdder();
    private final LongAdder prefetchWorkers = new LongAdder();
    private final LongAdder prefetchUnmergedChunks = new LongAdder();
    private final LongAdder prefetchMillis = new LongAdder();
    private final AtomicLong prefetchBeginMillis = new AtomicLong();
    private final AtomicLong prefetchEndMillis = new AtomicLong();

    /** Makes counters at zero for a cache in a folder; empty for a cache without one. */
    public CacheCounters(String storePath) {
        this.storePath = storePath;
    }

    /** Notes a file of the cache by its name. */
    public void fileOpened(String name) {
        files.add(name);
    }

    /** Counts a request that the cache's file answered, at once or when what others fetched was there. */
    public void hit() {
        requests.increment();
        partialHits.increment();
    }

    /** Counts a request that was answered at once, from so many pieces of the cache's files. */
    public void hit(int pieces) {
        requests.increment();
        partialHits.add(pieces);
    }

    /** Counts a request for which something had to be fetched, checked or decoded. */
    public void miss() {
        requests.increment();
    }

    /** Counts chunks that were in the cache's file already and passed their check. */
    public void chunksKept(int count) {
        wholeHits.add(count);
    }

    /** Counts chunks that were fetched and are ready now. */
    public void chunksMadeReady(int count) {
        entries.add(count);
    }

    /** Counts stored bytes that came from the backend. */
    public void fetched(long bytes) {
        fetchedBytes.add(bytes);
    }

    /** Adds to the bytes that wait for being decoded and written; negative when they are. */
    public void buffered(long bytes) {
        bufferedBytes.add(bytes);
    }

    /** Counts chunks that were handed to prefetching by files. */
    public void prefetchSubmitted(int chunks) {
        prefetchUnmergedChunks.add(chunks);
    }

    /** Adds to the workers that prefetch; negative when they end. */
    public void prefetchWorkers(int change) {
        if (change > 0) {
            prefetchBeginMillis.compareAndSet(0, System.currentTimeMillis());
        }
        prefetchWorkers.add(change);
    }

    /**
     * Counts a request that prefetching ran.
     *
     * @param bytes  bytes asked for
     * @param millis time from its submission to its end, in milliseconds; negative if it failed and its time does not count
     */
    public void prefetchRan(long bytes, long millis) {
        prefetchRequests.increment();
        prefetchBytes.add(bytes);
        if (millis >= 0) {
            prefetchMillis.add(millis);
            prefetchEndMillis.set(System.currentTimeMillis());
        }
    }

    /** Returns the stored bytes that came from the backend so far. */
    public long fetchedBytes() {
        return fetchedBytes.sum();
    }

    /** Returns the counts so far; counts that change meanwhile may not fit together. */
    public Snapshot snapshot() {
        long begin = prefetchBeginMillis.get();
        long end = prefetchEndMillis.get();
        return new Snapshot(
                new TreeSet<>(files),
                storePath,
                partialHits.sum(),
                wholeHits.sum(),
                requests.sum(),
                entries.sum(),
                prefetchBytes.sum(),
                prefetchRequests.sum(),
                prefetchWorkers.sum(),
                prefetchUnmergedChunks.sum(),
                prefetchMillis.sum(),
                begin / 1000,
                begin % 1000,
                end / 1000,
                end % 1000,
                bufferedBytes.sum(),
                fetchedBytes.sum());
    }

    /**
     * The counts at one moment, in the words of the reference's document.
     *
     * @param underlyingFiles               {@code underlying_files}: names of data files ever opened
     * @param storePath                     {@code store_path}: folder of the cache
     * @param partialHits                   {@code partial_hits}: requests that the file answered, at once or when what others fetched was there
     * @param wholeHits                     {@code whole_hits}: chunks served from the file after a check
     * @param total                         {@code total}: requests
     * @param entriesCount                  {@code entries_count}: chunks made ready
     * @param prefetchDataAmount            {@code prefetch_data_amount}: bytes asked for by prefetching
     * @param prefetchRequestsCount         {@code prefetch_requests_count}
     * @param prefetchWorkers               {@code prefetch_workers}: workers alive
     * @param prefetchUnmergedChunks        {@code prefetch_unmerged_chunks}
     * @param prefetchCumulativeTimeMillis  {@code prefetch_cumulative_time_millis}
     * @param prefetchBeginTimeSecs         {@code prefetch_begin_time_secs}: seconds since 1970
     * @param prefetchBeginTimeMillis       {@code prefetch_begin_time_millis}: milliseconds below a second
     * @param prefetchEndTimeSecs           {@code prefetch_end_time_secs}
     * @param prefetchEndTimeMillis         {@code prefetch_end_time_millis}
     * @param bufferedBackendSize           {@code buffered_backend_size}: bytes fetched and not written yet
     * @param fetchedBytes                  stored bytes that came from the backend; not in the reference's document
     */
    public record Snapshot(
            Set<String> underlyingFiles,
            String storePath,
            long partialHits,
            long wholeHits,
            long total,
            long entriesCount,
            long prefetchDataAmount,
            long prefetchRequestsCount,
            long prefetchWorkers,
            long prefetchUnmergedChunks,
            long prefetchCumulativeTimeMillis,
            long prefetchBeginTimeSecs,
            long prefetchBeginTimeMillis,
            long prefetchEndTimeSecs,
            long prefetchEndTimeMillis,
            long bufferedBackendSize,
            long fetchedBytes) {}
}
