package io.nydus4j.daemon.api;

/**
 * Counters of one file system: {@code GET /api/v1/metrics}. Mirrors {@code FsIoStats} of the reference; how the buckets are cut is
 * told by {@link MetricsBuckets}. All counters are unsigned.
 *
 * @param filesAccounted         whether there are counters for each file
 * @param accessPatternRecorded  whether first accesses are recorded
 * @param latestReadFilesRecorded whether the files read last are recorded
 * @param id                     mount point
 * @param dataRead               bytes answered to READ
 * @param readsBySize            READs by the size of the answer, 8 buckets
 * @param hits                   operations that succeeded, by {@link FileOperation}
 * @param errors                 operations that failed, by {@link FileOperation}
 * @param latencyTotals          microseconds, by {@link FileOperation}; only READ is measured
 * @param readsByLatency         READs by the time they took, 8 buckets
 */
public record FileSystemMetrics(
        boolean filesAccounted,
        boolean accessPatternRecorded,
        boolean latestReadFilesRecorded,
        String id,
        long dataRead,
        long[] readsBySize,
        long[] hits,
        long[] errors,
        long[] latencyTotals,
        long[] readsByLatency) {
    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(out -> {
            out.writeStartObject();
            out.writeBooleanProperty("files_account_enabled", filesAccounted);
            out.writeBooleanProperty("access_pattern_enabled", accessPatternRecorded);
            out.writeBooleanProperty("record_latest_read_files_enabled", latestReadFilesRecorded);
            out.writeBooleanProperty("measure_latency", true);
            out.writeStringProperty("id", id);
            JsonText.number(out, "nr_opens", 0);
            JsonText.number(out, "data_read", dataRead);
            JsonText.numbers(out, "block_count_read", readsBySize);
            JsonText.numbers(out, "fop_hits", hits);
            JsonText.numbers(out, "fop_errors", errors);
            JsonText.numbers(out, "fop_cumulative_latency_total", latencyTotals);
            JsonText.numbers(out, "read_latency_dist", readsByLatency);
            out.writeEndObject();
        });
    }

    /** Reads this message; members that are missing are zero. */
    public static FileSystemMetrics of(JsonValue value) {
        return new FileSystemMetrics(
                value.get("files_account_enabled").isTrue(),
                value.get("access_pattern_enabled").isTrue(),
                value.get("record_latest_read_files_enabled").isTrue(),
                Texts.orEmpty(value.get("id")),
                value.get("data_read").number(),
                value.get("block_count_read").numbers(),
                value.get("fop_hits").numbers(),
                value.get("fop_errors").numbers(),
                value.get("fop_cumulative_latency_total").numbers(),
                value.get("read_latency_dist").numbers());
    }
}
