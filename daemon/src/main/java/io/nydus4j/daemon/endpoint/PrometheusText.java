package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.FileOperation;
import io.nydus4j.daemon.api.FileSystemMetrics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Writes counters in the text format of Prometheus, version 0.0.4. Written by hand: it is a few lines, and a library would be loaded at
 * every start.
 */
final class PrometheusText {
    /** Media type of the format. */
    static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** Upper ends of the buckets of READs by time, in seconds; the last bucket has none. */
    private static final List<String> READ_SECONDS = List.of("0.0002", "0.001", "0.02", "0.05", "0.5", "1.0", "2.0");

    private final StringBuilder out = new StringBuilder(8192);

    private PrometheusText() {}

    /** Writes everything that a daemon counts. */
    static String of(Administration daemon) {
        PrometheusText text = new PrometheusText();
        text.fileSystems(daemon.allFileSystemMetrics());
        text.backends(daemon.allBackendMetrics());
        text.caches(daemon.allBlobCacheMetrics());
        return text.out.toString();
    }

    private void head(String name, String type, String help) {
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private void sample(String name, String labels, long value) {
        out.append(name)
                .append('{')
                .append(labels)
                .append("} ")
                .append(Long.toUnsignedString(value))
                .append('\n');
    }

    private static String label(String name, String value) {
        return name + "=\"" + value.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n") + '"';
    }

    private void fileSystems(List<FileSystemMetrics> all) {
        head("nydus_fs_read_bytes_total", "counter", "Bytes answered to READ.");
        all.forEach(one -> sample("nydus_fs_read_bytes_total", mount(one), one.dataRead()));
        operations("nydus_fs_operations_total", "Operations that succeeded.", all, FileSystemMetrics::hits);
        operations("nydus_fs_operation_errors_total", "Operations that failed.", all, FileSystemMetrics::errors);
        String name = "nydus_fs_read_duration_seconds";
        head(name, "histogram", "How long READs took.");
        for (FileSystemMetrics one : all) {
            long sum = 0;
            for (int i = 0; i < READ_SECONDS.size(); i++) {
                sum += one.readsByLatency()[i];
                sample(name + "_bucket", mount(one) + "," + label("le", READ_SECONDS.get(i)), sum);
            }
            sum += one.readsByLatency()[READ_SECONDS.size()];
            sample(name + "_bucket", mount(one) + "," + label("le", "+Inf"), sum);
            double seconds = one.latencyTotals()[FileOperation.READ.ordinal()] / 1e6;
            out.append(name)
                    .append("_sum{")
                    .append(mount(one))
                    .append("} ")
                    .append(seconds)
                    .append('\n');
            sample(name + "_count", mount(one), sum);
        }
    }

    private void operations(
            String name, String help, List<FileSystemMetrics> all, Function<FileSystemMetrics, long[]> counters) {
        head(name, "counter", help);
        for (FileSystemMetrics one : all) {
            long[] values = counters.apply(one);
            for (FileOperation operation : FileOperation.values()) {
                String labels =
                        mount(one) + "," + label("operation", operation.label().toLowerCase(Locale.ROOT));
                sample(name, labels, values[operation.ordinal()]);
            }
        }
    }

    private static String mount(FileSystemMetrics metrics) {
        return label("mountpoint", metrics.id());
    }

    private void backends(Map<String, BackendMetrics> all) {
        backend("nydus_backend_reads_total", "Requests to the backend.", all, BackendMetrics::readCount);
        backend("nydus_backend_read_errors_total", "Requests that failed.", all, BackendMetrics::readErrors);
        backend("nydus_backend_read_bytes_total", "Bytes asked for.", all, BackendMetrics::readAmount);
        backend("nydus_backend_read_milliseconds_total", "Time of requests.", all, BackendMetrics::latencyTotal);
    }

    private void backend(
            String name, String help, Map<String, BackendMetrics> all, ToLongFunction<BackendMetrics> counter) {
        head(name, "counter", help);
        all.forEach((id, one) ->
                sample(name, label("id", id) + "," + label("type", one.backendType()), counter.applyAsLong(one)));
    }

    private void caches(Map<String, BlobCacheMetrics> all) {
        cache("nydus_cache_requests_total", "counter", "Read requests.", all, BlobCacheMetrics::total);
        cache(
                "nydus_cache_hits_total",
                "counter",
                "Requests answered from the file.",
                all,
                BlobCacheMetrics::partialHits);
        cache(
                "nydus_cache_chunks_kept_total",
                "counter",
                "Chunks found and checked.",
                all,
                BlobCacheMetrics::wholeHits);
        cache("nydus_cache_chunks_ready_total", "counter", "Chunks fetched.", all, BlobCacheMetrics::entries);
        cache("nydus_cache_prefetch_bytes_total", "counter", "Bytes prefetched.", all, BlobCacheMetrics::prefetchData);
        cache("nydus_cache_prefetch_requests_total", "counter", "Prefetches.", all, BlobCacheMetrics::prefetchRequests);
        cache("nydus_cache_prefetch_workers", "gauge", "Workers alive.", all, BlobCacheMetrics::prefetchWorkers);
        cache("nydus_cache_buffered_bytes", "gauge", "Bytes not written yet.", all, BlobCacheMetrics::bufferedBytes);
    }

    private void cache(
            String name,
            String type,
            String help,
            Map<String, BlobCacheMetrics> all,
            ToLongFunction<BlobCacheMetrics> counter) {
        head(name, type, help);
        all.forEach((id, one) -> sample(name, label("id", id), counter.applyAsLong(one)));
    }
}
