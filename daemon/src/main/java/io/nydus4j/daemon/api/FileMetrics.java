package io.nydus4j.daemon.api;

import java.util.Map;

/**
 * Counters of one file, as {@code GET /api/v1/metrics/files} tells them by inode number. Mirrors {@code InodeIoStats} of the reference.
 *
 * @param operations  all operations
 * @param dataRead    bytes answered to READ
 * @param readsBySize READs by the size of the answer, 8 buckets
 * @param hits        operations by {@link FileOperation}, those that failed too, as the reference counts them
 * @param errors      always zero, as in the reference
 */
public record FileMetrics(long operations, long dataRead, long[] readsBySize, long[] hits, long[] errors) {
    /** Returns the answer for several files as JSON: an object with inode numbers as names. */
    public static String toJson(Map<Long, FileMetrics> files) {
        return JsonText.write(out -> {
            out.writeStartObject();
            for (Map.Entry<Long, FileMetrics> file : files.entrySet()) {
                FileMetrics metrics = file.getValue();
                out.writeName(Long.toUnsignedString(file.getKey()));
                out.writeStartObject();
                JsonText.number(out, "total_fops", metrics.operations);
                JsonText.number(out, "data_read", metrics.dataRead);
                JsonText.numbers(out, "block_count_read", metrics.readsBySize);
                JsonText.numbers(out, "fop_hits", metrics.hits);
                JsonText.numbers(out, "fop_errors", metrics.errors);
                out.writeEndObject();
            }
            out.writeEndObject();
        });
    }
}
