package io.nydus4j.cli.nydusctl;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.JsonValue;

/** What {@code nydusctl metrics backend} prints, once or again and again. */
final class BackendReport {
    private static final int LABEL = 25;
    private static final int NUMBER_LABEL = 20;
    private static final int RATE_LABEL = 28;

    private BackendReport() {}

    /** Returns the report of a {@code BackendMetrics} document. */
    static String of(BackendMetrics metrics) {
        StringBuilder report = new StringBuilder("\n");
        line(report, NUMBER_LABEL, "Backend Type:", new JsonValue.JsonString(metrics.backendType()).toJson());
        String megabytes = Columns.decimal(metrics.readAmount() / 1024.0 / 1024.0);
        line(report, NUMBER_LABEL, "Read Amount:", metrics.readAmount() + " Bytes (" + megabytes + " MB)");
        line(report, NUMBER_LABEL, "Read Count:", Long.toUnsignedString(metrics.readCount()));
        line(report, NUMBER_LABEL, "Read Errors:", Long.toUnsignedString(metrics.readErrors()));
        report.append('\n');
        Columns.line(report, "Block Sizes:", LABEL, Columns.SIZES);
        long[] latencies = Columns.quotients(metrics.latencyBySize(), metrics.readsBySize());
        Columns.line(report, "Average Latency(millis):", LABEL, Columns.cells(latencies));
        report.append('\n');
        Columns.line(report, "Block Sizes:", LABEL, Columns.SIZES);
        Columns.line(report, "Request Count:", LABEL, Columns.cells(metrics.readsBySize()));
        return report.toString();
    }

    /**
     * Returns what happened between two documents.
     *
     * @param seconds time between them, at least 1
     */
    static String between(BackendMetrics before, BackendMetrics after, long seconds) {
        long bytes = growth(before.readAmount(), after.readAmount());
        long reads = growth(before.readCount(), after.readCount());
        long millis = growth(before.latencyTotal(), after.latencyTotal());
        StringBuilder report = new StringBuilder("\n>>> >>> >>> >>> >>>\n");
        line(report, RATE_LABEL, "Backend Read Bandwidth:", Columns.quotient(bytes, seconds * 1024) + " KB/S");
        line(report, RATE_LABEL, "Backend Average IO Size:", Columns.quotient(bytes, reads) + " Bytes");
        line(report, RATE_LABEL, "Backend Average Latency:", Columns.quotient(millis, reads) + " millis");
        report.append("\nBlock Sizes/millis:\n");
        Columns.line(report, "", 0, Columns.SIZES);
        long[] latencies = Columns.quotients(
                growth(before.latencyBySize(), after.latencyBySize()),
                growth(before.readsBySize(), after.readsBySize()));
        Columns.line(report, "", 0, Columns.cells(latencies));
        return report.append("<<< <<< <<< <<< <<<\n").toString();
    }

    private static long growth(long before, long after) {
        return Math.max(0, after - before);
    }

    private static long[] growth(long[] before, long[] after) {
        long[] growth = new long[Math.min(before.length, after.length)];
        for (int i = 0; i < growth.length; i++) {
            growth[i] = growth(before[i], after[i]);
        }
        return growth;
    }

    private static void line(StringBuilder report, int width, String label, String value) {
        Columns.cell(report, label, width);
        report.append(value).append('\n');
    }
}
