package io.nydus4j.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/** Collects what becomes a {@link BuildTrace}. Not safe for use by several threads. */
final class TraceRecorder {
    private static final double NANOS_PER_SECOND = 1e9;

    private final SortedMap<String, Double> consumedTime = new TreeMap<>();
    private final SortedMap<String, Object> events = new TreeMap<>();

    /** A part of a build. */
    interface Part<T> {
        T run() throws IOException;
    }

    /** Runs a part and notes how long it took. */
    <T> T time(String name, Part<T> part) throws IOException {
        long start = System.nanoTime();
        T result = part.run();
        // The reference keeps times with the precision of a float.
        consumedTime.put(name, (double) (float) ((System.nanoTime() - start) / NANOS_PER_SECOND));
        return result;
    }

    /** Notes a number, unless nothing was counted. */
    void count(String name, long number) {
        if (number != 0) {
            events.put(name, number);
        }
    }

    /** Notes a number, even 0. */
    void number(String name, long number) {
        events.put(name, number);
    }

    /** Notes a text. */
    void text(String name, String text) {
        events.put(name, text);
    }

    /** Notes the effective user and group id of this process. */
    void effectiveIds() throws IOException {
        Path self = Path.of("/proc/self");
        text("euid", String.valueOf(Files.getAttribute(self, "unix:uid")));
        text("egid", String.valueOf(Files.getAttribute(self, "unix:gid")));
    }

    BuildTrace trace() {
        return new BuildTrace(
                Collections.unmodifiableSortedMap(consumedTime), Collections.unmodifiableSortedMap(events));
    }
}
