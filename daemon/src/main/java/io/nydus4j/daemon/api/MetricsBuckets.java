package io.nydus4j.daemon.api;

/** How the histograms of the metrics are cut: 8 buckets each. Mirrors the reference's bucket functions. */
public final class MetricsBuckets {
    /** Number of buckets of every histogram. */
    public static final int COUNT = 8;

    private MetricsBuckets() {}

    /** Returns the bucket of a number of bytes: below 1 KiB, 4 KiB, 16 KiB, 64 KiB, 128 KiB, 512 KiB, 1 MiB, or not below. */
    public static int ofSize(long bytes) {
        if (bytes < 16 << 10) {
            return bytes < 1 << 10 ? 0 : bytes < 4 << 10 ? 1 : 2;
        }
        if (bytes < 128 << 10) {
            return bytes < 64 << 10 ? 3 : 4;
        }
        return bytes < 512 << 10 ? 5 : bytes < 1 << 20 ? 6 : 7;
    }

    /** Returns the bucket of the time that a READ took: up to 200 µs, 1 ms, 20, 50, 500 ms, 1 s, 2 s, or more. */
    public static int ofReadMicros(long micros) {
        if (micros <= 20_000) {
            return micros <= 200 ? 0 : micros <= 1_000 ? 1 : 2;
        }
        if (micros <= 500_000) {
            return micros <= 50_000 ? 3 : 4;
        }
        return micros <= 1_000_000 ? 5 : micros <= 2_000_000 ? 6 : 7;
    }
}
