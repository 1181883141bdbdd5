package io.nydus4j.daemon.api;

import java.util.ArrayList;
import java.util.List;

/**
 * Counters of a cache: {@code GET /api/v1/metrics/blobcache}. Mirrors {@code BlobcacheMetrics} of the reference. All counters are
 * unsigned.
 *
 * @param underlyingFiles     names of the cache files
 * @param storePath           their directory
 * @param partialHits         ranges served straight from the file
 * @param wholeHits           chunks served from the file after a check
 * @param total               read requests
 * @param entries             chunks made ready since the start
 * @param prefetchData        bytes asked for by prefetch
 * @param prefetchRequests    prefetch requests done
 * @param prefetchWorkers     prefetch threads
 * @param prefetchUnmergedChunks chunks that prefetch of files asked for
 * @param prefetchMillis      time that prefetch requests took, summed
 * @param prefetchBeginSeconds when prefetch began, in seconds since 1970, 0 if it did not
 * @param prefetchBeginMillis the part of that below a second
 * @param prefetchEndSeconds  when the last prefetch request ended, in seconds since 1970
 * @param prefetchEndMillis   the part of that below a second
 * @param bufferedBytes       bytes that wait to be written
 * @param allReady            whether every blob is complete
 */
public record BlobCacheMetrics(
        List<String> underlyingFiles,
        String storePath,
        long partialHits,
        long wholeHits,
        long total,
        long entries,
        long prefetchData,
        long prefetchRequests,
        long prefetchWorkers,
        long prefetchUnmergedChunks,
        long prefetchMillis,
        long prefetchBeginSeconds,
        long prefetchBeginMillis,
        long prefetchEndSeconds,
        long prefetchEndMillis,
        long bufferedBytes,
        boolean allReady) {
    public BlobCacheMetrics {
        underlyingFiles = List.copyOf(underlyingFiles);
    }

    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(out -> {
            out.writeStartObject();
            out.writeName("underlying_files");
            out.writeStartArray();
            for (String file : underlyingFiles) {
                out.writeString(file);
            }
            out.writeEndArray();
            out.writeStringProperty("store_path", storePath);
            JsonText.number(out, "partial_hits", partialHits);
            JsonText.number(out, "whole_hits", wholeHits);
            JsonText.number(out, "total", total);
            JsonText.number(out, "entries_count", entries);
            JsonText.number(out, "prefetch_data_amount", prefetchData);
            JsonText.number(out, "prefetch_requests_count", prefetchRequests);
            JsonText.number(out, "prefetch_workers", prefetchWorkers);
            JsonText.number(out, "prefetch_unmerged_chunks", prefetchUnmergedChunks);
            JsonText.number(out, "prefetch_cumulative_time_millis", prefetchMillis);
            JsonText.number(out, "prefetch_begin_time_secs", prefetchBeginSeconds);
            JsonText.number(out, "prefetch_begin_time_millis", prefetchBeginMillis);
            JsonText.number(out, "prefetch_end_time_secs", prefetchEndSeconds);
            JsonText.number(out, "prefetch_end_time_millis", prefetchEndMillis);
            JsonText.number(out, "buffered_backend_size", bufferedBytes);
            out.writeBooleanProperty("data_all_ready", allReady);
            out.writeEndObject();
        });
    }

    /** Reads this message; members that are missing are zero. */
    public static BlobCacheMetrics of(JsonValue value) {
        List<String> files = new ArrayList<>();
        for (JsonValue file : value.get("underlying_files").items()) {
            files.add(Texts.orEmpty(file));
        }
        return new BlobCacheMetrics(
                files,
                Texts.orEmpty(value.get("store_path")),
                value.get("partial_hits").number(),
                value.get("whole_hits").number(),
                value.get("total").number(),
                value.get("entries_count").number(),
                value.get("prefetch_data_amount").number(),
                value.get("prefetch_requests_count").number(),
                value.get("prefetch_workers").number(),
                value.get("prefetch_unmerged_chunks").number(),
                value.get("prefetch_cumulative_time_millis").number(),
                value.get("prefetch_begin_time_secs").number(),
                value.get("prefetch_begin_time_millis").number(),
                value.get("prefetch_end_time_secs").number(),
                value.get("prefetch_end_time_millis").number(),
                value.get("buffered_backend_size").number(),
                value.get("data_all_ready").isTrue());
    }
}
