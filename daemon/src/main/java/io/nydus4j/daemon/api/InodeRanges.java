package io.nydus4j.daemon.api;

import java.util.List;

/** Ranges of inode numbers read of late: {@code GET /api/v1/metrics/files?latest=true}. */
public final class InodeRanges {
    private InodeRanges() {}

    /**
     * Returns the ranges of sorted numbers as JSON: {@code [[first,last],[single]]}.
     *
     * @param inos ascending, no number twice
     */
    public static String toJson(List<Long> inos) {
        return JsonText.write(out -> {
            out.writeStartArray();
            int i = 0;
            while (i < inos.size()) {
                int last = i;
                while (last + 1 < inos.size() && inos.get(last + 1) == inos.get(last) + 1) {
                    last++;
                }
                JsonText.numbers(out, last == i ? new long[] {inos.get(i)} : new long[] {inos.get(i), inos.get(last)});
                i = last + 1;
            }
            out.writeEndArray();
        });
    }
}
