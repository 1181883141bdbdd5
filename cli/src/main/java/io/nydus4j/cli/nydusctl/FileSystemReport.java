package io.nydus4j.cli.nydusctl;

import io.nydus4j.daemon.api.FileOperation;
import io.nydus4j.daemon.api.FileSystemMetrics;

/** What {@code nydusctl metrics fsstats} prints. */
final class FileSystemReport {
    private static final int LABEL = 16;
    private static final int FIRST_LINE = 8;
    /** The reference's headings; the classes are finer at the low end. */
    private static final String[] LATENCIES = {"<1ms", "~20ms", "~50ms", "~100ms", "~500ms", "~1s", "~2s", "2s~"};

    private FileSystemReport() {}

    /** Returns the report of a {@code FsIoStats} document. */
    static String of(FileSystemMetrics metrics) {
        StringBuilder report = new StringBuilder("\n");
        Columns.line(report, "Read Latency:", LABEL, LATENCIES);
        Columns.line(report, "Reads Count:", LABEL, Columns.cells(metrics.readsByLatency()));
        report.append("\nRead Errors: ")
                .append(at(metrics.errors(), FileOperation.READ.ordinal()))
                .append("\nRead Data: ")
                .append(metrics.dataRead())
                .append("Bytes (")
                .append(metrics.dataRead() / (1 << 20))
                .append("MB)\n\nFOP Counters:\n");
        for (FileOperation operation : FileOperation.values()) {
            if (operation.ordinal() != 0) {
                report.append(operation.ordinal() == FIRST_LINE ? '\n' : ' ');
            }
            report.append(operation.label())
                    .append('(')
                    .append(at(metrics.hits(), operation.ordinal()))
                    .append(')');
        }
        return report.append('\n').toString();
    }

    private static String at(long[] values, int index) {
        return index < values.length ? Long.toUnsignedString(values[index]) : "0";
    }
}
