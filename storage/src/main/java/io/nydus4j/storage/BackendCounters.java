package io.nydus4j.storage;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counts what was asked of a backend. Safe for use by several threads.
 *
 * <p>Mirrors {@code BackendMetrics} of the reference: each attempt counts, a failed one with the bytes it asked for.
 */
public final class BackendCounters {
    /** Number of classes of request sizes, and of latencies. */
    public static final int CLASSES = 8;

    private static final long[] SIZE_LIMITS = {1 << 10, 4 << 10, 16 << 10, 64 << 10, 128 << 10, 512 << 10, 1 << 20};
    private static final long[] LATENCY_LIMITS = {1, 20, 50, 100, 500, 1000, 2000};

    private final String backendType;
    private final LongAdder reads = new LongAdder();
    private final LongAdder errors = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final LongAdder millis = new LongAdder();
    private final LongAdder[] millisBySize = adders(CLASSES);
    private final LongAdder[] readsBySize = adders(CLASSES);
    private final LongAdder[] readsBySizeAndLatency = adders(CLASSES * CLASSES);

    /** Makes counters at zero for a kind of backend, such as {@code localfs}. */
    public BackendCounters(String backendType) {
        this.backendType = backendType;
    }

    private static LongAdder[] adders(int count) {
        LongAdder[] adders = new LongAdder[count];
        for (int i = 0; i < count; i++) {
            adders[i] = new LongAdder();
        }
        return adders;
    }

    /**
     * Counts one attempt to read.
     *
     * @param requestedBytes bytes asked for
     * @param latencyMillis  time it took, in milliseconds
     * @param failed         whether it failed
     */
    public void record(long requestedBytes, long latencyMillis, boolean failed) {
        int sizeClass = sizeClass(requestedBytes);
        reads.increment();
        if (failed) {
            errors.increment();
        }
        bytes.add(requestedBytes);
        millis.add(latencyMillis);
        millisBySize[sizeClass].add(latencyMillis);
        readsBySize[sizeClass].increment();
        readsBySizeAndLatency[sizeClass * CLASSES + latencyClass(latencyMillis)].increment();
    }

    /** Returns the class of a size in bytes: below 1, 4, 16, 64, 128, 512 and 1024 KiB, and from 1 MiB. */
    public static int sizeClass(long size) {
        int index = 0;
        while (index < SIZE_LIMITS.length && size >= SIZE_LIMITS[index]) {
            index++;
        }
        return index;
    }

    /** Returns the class of a latency in milliseconds: up to 1, 20, 50, 100, 500, 1000 and 2000, and over 2000. */
    public static int latencyClass(long latencyMillis) {
        int index = 0;
        while (index < LATENCY_LIMITS.length && latencyMillis > LATENCY_LIMITS[index]) {
            index++;
        }
        return index;
    }

    /** Returns the counts so far; counts that change meanwhile may not fit together. */
    public Snapshot snapshot() {
        List<List<Long>> latencies = new ArrayList<>();
        for (int i = 0; i < CLASSES; i++) {
            latencies.add(sums(readsBySizeAndLatency, i * CLASSES));
        }
        return new Snapshot(
                backendType,
                reads.sum(),
                errors.sum(),
                bytes.sum(),
                millis.sum(),
                sums(millisBySize, 0),
                sums(readsBySize, 0),
                latencies);
    }

    private static List<Long> sums(LongAdder[] adders, int from) {
        List<Long> sums = new ArrayList<>();
        for (int i = from; i < from + CLASSES; i++) {
            sums.add(adders[i].sum());
        }
        return List.copyOf(sums);
    }

    /**
     * The counts at one moment, in the order of the reference's document.
     *
     * @param backendType                       {@code backend_type}
     * @param readCount                         {@code read_count}: attempts
     * @param readErrors                        {@code read_errors}: failed attempts
     * @param readAmountTotal                   {@code read_amount_total}: bytes asked for by all attempts
     * @param readCumulativeLatencyMillisTotal  {@code read_cumulative_latency_millis_total}
     * @param readCumulativeLatencyMillisDist   {@code read_cumulative_latency_millis_dist}: milliseconds by size class
     * @param readCountBlockSizeDist            {@code read_count_block_size_dist}: attempts by size class
     * @param readLatencySizesDist              {@code read_latency_sizes_dist}: attempts by size class, then latency class
     */
    public record Snapshot(
            String backendType,
            long readCount,
            long readErrors,
            long readAmountTotal,
            long readCumulativeLatencyMillisTotal,
            List<Long> readCumulativeLatencyMillisDist,
            List<Long> readCountBlockSizeDist,
            List<List<Long>> readLatencySizesDist) {}
}
