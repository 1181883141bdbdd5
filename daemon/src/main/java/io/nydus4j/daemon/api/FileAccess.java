package io.nydus4j.daemon.api;

import java.util.List;

/**
 * The first access to a file: an item of {@code GET /api/v1/metrics/pattern}. Mirrors {@code AccessPattern} of the reference.
 *
 * @param ino               inode number in the image
 * @param reads             number of READs, failed ones too
 * @param firstAccessSeconds when it was read first, in seconds since 1970
 * @param firstAccessNanos  the part of that below a second
 */
public record FileAccess(long ino, long reads, long firstAccessSeconds, int firstAccessNanos) {
    /** Returns the answer for several files as JSON. */
    public static String toJson(List<FileAccess> accesses) {
        return JsonText.write(out -> {
            out.writeStartArray();
            for (FileAccess access : accesses) {
                out.writeStartObject();
                JsonText.number(out, "ino", access.ino);
                JsonText.number(out, "nr_read", access.reads);
                JsonText.number(out, "first_access_time_secs", access.firstAccessSeconds);
                JsonText.number(out, "first_access_time_nanos", access.firstAccessNanos);
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }
}
