package io.nydus4j.cli.nydusctl;

import io.nydus4j.cli.progress.Sizes;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonArray;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Shows the report of a trace: causes, the files that were waited for longest, the timeline. */
final class TraceText {
    private static final int MOST_FILES = 20;
    private static final int MOST_READS = 200;

    private TraceText() {}

    /** Returns the report as text. */
    static String of(JsonValue report) {
        StringBuilder text = new StringBuilder();
        text.append("Mountpoint:  ").append(words(report.get("mountpoint")));
        text.append("\nStarted:     ").append(words(report.get("started")));
        text.append(report.get("running").isTrue() ? " (running)\n" : " (ended)\n");
        causes(report, text);
        files(report, text);
        reads(report, text);
        return text.toString();
    }

    private static void causes(JsonValue report, StringBuilder text) {
        text.append("\nCause           Reads      Bytes   Total wait\n");
        if (report.get("causes") instanceof JsonObject causes) {
            causes.members()
                    .forEach((cause, sums) -> text.append(String.format(
                            Locale.ROOT,
                            "%-12s %8d %10s %10.1f ms%n",
                            cause,
                            sums.get("reads").number(),
                            Sizes.text(sums.get("bytes").number()),
                            sums.get("wait_micros").number() / 1e3)));
        }
    }

    private static void files(JsonValue report, StringBuilder text) {
        List<JsonValue> files = new ArrayList<>(report.get("files").items());
        files.sort(Comparator.comparingLong(
                        (JsonValue file) -> file.get("wait_micros").number())
                .reversed());
        text.append("\nFiles waited for longest, ")
                .append(Math.min(MOST_FILES, files.size()))
                .append(" of ")
                .append(files.size())
                .append("\n      Wait    Reads      Bytes  Path\n");
        for (JsonValue file : files.subList(0, Math.min(MOST_FILES, files.size()))) {
            text.append(String.format(
                    Locale.ROOT,
                    "%7.1f ms %8d %10s  %s%n",
                    file.get("wait_micros").number() / 1e3,
                    file.get("reads").number(),
                    Sizes.text(file.get("bytes").number()),
                    words(file.get("path"))));
        }
    }

    private static void reads(JsonValue report, StringBuilder text) {
        List<JsonValue> reads = report.get("reads").items();
        text.append("\nFirst reads, ")
                .append(Math.min(MOST_READS, reads.size()))
                .append(" of ")
                .append(reads.size())
                .append("\n       At        Wait  Source   Process           Range (chunks)  Path\n");
        for (JsonValue read : reads.subList(0, Math.min(MOST_READS, reads.size()))) {
            text.append(String.format(
                    Locale.ROOT,
                    "%9.3f s %7.1f ms  %-8s %-16s  %d+%d (%d-%d)  %s%n",
                    read.get("at_micros").number() / 1e6,
                    read.get("wait_micros").number() / 1e3,
                    words(read.get("source")),
                    process(read),
                    read.get("offset").number(),
                    read.get("bytes").number(),
                    read.get("first_chunk").number(),
                    read.get("last_chunk").number(),
                    words(read.get("path"))));
        }
    }

    private static String process(JsonValue read) {
        long pid = read.get("pid").number();
        return pid == 0 ? "kernel" : words(read.get("process")) + "[" + pid + "]";
    }

    private static String words(JsonValue value) {
        String text = value.text();
        return text == null ? "" : text;
    }

    /** Returns the files and their ranges, in the order they were first read, as the hints that {@code optimize} takes. */
    static JsonValue hints(JsonValue report) {
        List<JsonValue> files = new ArrayList<>();
        for (JsonValue file : report.get("files").items()) {
            if (!words(file.get("path")).isEmpty()) {
                files.add(object(Map.of("path", file.get("path"), "ranges", file.get("ranges"))));
            }
        }
        return object(Map.of("version", new JsonString("v1"), "files", new JsonArray(files)));
    }

    private static JsonValue object(Map<String, JsonValue> members) {
        return new JsonObject(new TreeMap<>(members));
    }
}
