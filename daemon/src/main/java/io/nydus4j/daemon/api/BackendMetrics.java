package io.nydus4j.daemon.api;

import tools.jackson.core.JsonGenerator;

/**
 * Counters of a storage backend: {@code GET /api/v1/metrics/backend}. Mirrors {@code BackendMetrics} of the reference. All counters
 * are unsigned.
 *
 * @param backendType         {@code registry}, {@code oss}, {@code localfs}, {@code localdisk} or {@code http-proxy}
 * @param readCount           attempts, each retry counts
 * @param readErrors          attempts that failed
 * @param readAmount          bytes asked for by all attempts
 * @param latencyTotal        milliseconds
 * @param latencyBySize       milliseconds by size of the request, 8 buckets
 * @param readsBySize         attempts by size of the request, 8 buckets
 * @param readsBySizeAndLatency attempts by size, then by latency: 8 times 8 buckets
 */
public record BackendMetrics(
        String backendType,
        long readCount,
        long readErrors,
        long readAmount,
        long latencyTotal,
        long[] latencyBySize,
        long[] readsBySize,
        long[][] readsBySizeAndLatency) {
    /** Returns this message as JSON. */
    public String toJson() {
        return JsonText.write(this::write);
    }

    private void write(JsonGenerator out) {
        out.writeStartObject();
        out.writeStringProperty("backend_type", backendType);
        JsonText.number(out, "read_count", readCount);
        JsonText.number(out, "read_errors", readErrors);
        JsonText.number(out, "read_amount_total", readAmount);
        JsonText.number(out, "read_cumulative_latency_millis_total", latencyTotal);
        JsonText.numbers(out, "read_cumulative_latency_millis_dist", latencyBySize);
        JsonText.numbers(out, "read_count_block_size_dist", readsBySize);
        out.writeName("read_latency_sizes_dist");
        out.writeStartArray();
        for (long[] byLatency : readsBySizeAndLatency) {
            JsonText.numbers(out, byLatency);
        }
        out.writeEndArray();
        out.writeEndObject();
    }

    /** Reads this message; members that are missing are zero. */
    public static BackendMetrics of(JsonValue value) {
        return new BackendMetrics(
                Texts.orEmpty(value.get("backend_type")),
                value.get("read_count").number(),
                value.get("read_errors").number(),
                value.get("read_amount_total").number(),
                value.get("read_cumulative_latency_millis_total").number(),
                value.get("read_cumulative_latency_millis_dist").numbers(),
                value.get("read_count_block_size_dist").numbers(),
                value.get("read_latency_sizes_dist").items().stream()
                        .map(JsonValue::numbers)
                        .toArray(long[][]::new));
    }
}
