package io.nydus4j.cli.nydusctl;

import static io.nydus4j.cli.nydusctl.Columns.decimal;
import static io.nydus4j.cli.nydusctl.Columns.number;

import io.nydus4j.daemon.api.JsonValue;
import java.util.StringJoiner;

/** What {@code nydusctl metrics cache} prints. */
final class CacheReport {
    private static final int LABEL = 28;

    private CacheReport() {}

    /** Returns the report of a {@code BlobcacheMetrics} document. */
    static String of(JsonValue metrics) {
        StringBuilder report = new StringBuilder("\n");
        line(report, "Partial Hits:", count(metrics, "partial_hits"));
        line(report, "Whole Hits:", count(metrics, "whole_hits"));
        line(report, "Total Read:", count(metrics, "total"));
        line(report, "Directory:", metrics.get("store_path").toJson());
        StringJoiner files = new StringJoiner(",", "[", "]");
        for (JsonValue file : metrics.get("underlying_files").items()) {
            files.add(file.toJson());
        }
        line(report, "Files:", files.toString());
        line(report, "Persister Buffer:", count(metrics, "buffered_backend_size"));
        report.append('\n');
        prefetch(report, metrics);
        return report.toString();
    }

    private static void prefetch(StringBuilder report, JsonValue metrics) {
        long amount = number(metrics, "prefetch_data_amount");
        long requests = number(metrics, "prefetch_requests_count");
        double seconds =
                millis(metrics, "prefetch_end_time") / 1000.0 - millis(metrics, "prefetch_begin_time") / 1000.0;
        line(report, "Prefetch Workers:", count(metrics, "prefetch_workers"));
        line(report, "Prefetch Amount:", amount + " = " + decimal(amount / 1024.0) + " KB");
        line(report, "Prefetch Requests:", count(metrics, "prefetch_requests_count"));
        line(report, "Prefetch Average Size:", Columns.quotient(amount, requests) + " Bytes");
        line(report, "Prefetch Duration:", decimal(seconds) + " Seconds");
        line(report, "Prefetch Bandwidth:", decimal(amount / 1024.0 / 1024.0 / seconds) + " MB/S");
        double latency = number(metrics, "prefetch_cumulative_time_millis") / (double) requests / 1000.0;
        line(report, "Prefetch Request Latency:", decimal(latency) + " Seconds");
        line(report, "Prefetch Unmerged:", count(metrics, "prefetch_unmerged_chunks"));
    }

    private static double millis(JsonValue metrics, String name) {
        return number(metrics, name + "_secs") * 1000.0 + number(metrics, name + "_millis");
    }

    private static String count(JsonValue metrics, String name) {
        return Long.toUnsignedString(number(metrics, name));
    }

    private static void line(StringBuilder report, String label, String value) {
        Columns.cell(report, label, LABEL);
        report.append(value).append('\n');
    }
}
