package io.nydus4j.daemon.trace;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.JsonValue.JsonArray;
import io.nydus4j.daemon.api.JsonValue.JsonNumber;
import io.nydus4j.daemon.api.JsonValue.JsonObject;
import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Turns a trace into the document that {@code nydusctl trace} shows, with the names of the files. */
public final class TraceReport {
    private final AccessTrace trace;
    private final Map<Long, String> paths = new HashMap<>();
    private final List<FileReads.Totals> files;

    private TraceReport(AccessTrace trace) {
        this.trace = trace;
        this.files = trace.files();
    }

    /**
     * Makes the document.
     *
     * @param bootstrap the image that was traced
     * @param running   whether the trace still goes on
     * @throws IOException if the image is broken
     */
    public static JsonValue of(AccessTrace trace, Bootstrap bootstrap, boolean running) throws IOException {
        TraceReport report = new TraceReport(trace);
        report.findPaths(bootstrap);
        Map<String, JsonValue> members = new TreeMap<>();
        members.put("mountpoint", new JsonString(trace.mountPoint()));
        members.put(
                "started",
                new JsonString(Instant.ofEpochMilli(trace.startMillis()).toString()));
        members.put("running", new JsonValue.JsonBoolean(running));
        members.put("chunk_size", number(trace.chunkSize()));
        members.put("reads", report.reads());
        members.put("files", report.files());
        members.put("causes", report.causes());
        return new JsonObject(new TreeMap<>(members));
    }

    /** Finds a name for each file that was read: the first that the walk meets. */
    private void findPaths(Bootstrap bootstrap) throws IOException {
        for (FileReads.Totals file : files) {
            paths.put(file.ino(), "");
        }
        BootstrapWalk.preOrderReadable(bootstrap, (inode, walk) -> {
            String known = paths.get(inode.ino());
            if (known != null && known.isEmpty()) {
                paths.put(inode.ino(), new String(walk.path(), StandardCharsets.UTF_8));
            }
        });
    }

    private JsonValue reads() {
        List<JsonValue> items = new ArrayList<>();
        for (FirstRead read : trace.reads()) {
            items.add(object(Map.of(
                    "at_micros", number(read.atMicros()),
                    "pid", number(read.pid()),
                    "process", new JsonString(read.process()),
                    "path", new JsonString(paths.getOrDefault(read.ino(), "")),
                    "offset", number(read.offset()),
                    "bytes", number(read.length()),
                    "first_chunk", number(read.firstChunk()),
                    "last_chunk", number(read.lastChunk()),
                    "source", new JsonString(read.source().word()),
                    "wait_micros", number(read.waitMicros()))));
        }
        return new JsonArray(items);
    }

    private JsonValue files() {
        List<JsonValue> items = new ArrayList<>();
        for (FileReads.Totals file : files) {
            List<JsonValue> ranges = new ArrayList<>();
            for (FileReads.Run run : file.runs()) {
                ranges.add(new JsonArray(List.of(
                        number((long) run.firstChunk() * trace.chunkSize()),
                        number((long) run.count() * trace.chunkSize()))));
            }
            items.add(object(Map.of(
                    "path", new JsonString(paths.getOrDefault(file.ino(), "")),
                    "inode", number(file.ino()),
                    "first_micros", number(file.firstMicros()),
                    "reads", number(file.reads()),
                    "bytes", number(file.bytes()),
                    "wait_micros", number(file.waitMicros()),
                    "ranges", new JsonArray(ranges))));
        }
        return new JsonArray(items);
    }

    private JsonValue causes() {
        Map<String, JsonValue> members = new TreeMap<>();
        trace.causes()
                .forEach((source, sums) -> members.put(
                        source.word(),
                        object(Map.of(
                                "reads", number(sums[0]),
                                "bytes", number(sums[1]),
                                "wait_micros", number(sums[2])))));
        return object(members);
    }

    private static JsonValue object(Map<String, JsonValue> members) {
        return new JsonObject(new TreeMap<>(members));
    }

    private static JsonValue number(long value) {
        return new JsonNumber(Long.toString(value));
    }
}
