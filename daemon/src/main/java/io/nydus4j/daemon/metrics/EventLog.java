package io.nydus4j.daemon.metrics;

import io.nydus4j.daemon.api.ErrorEvents;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;

/** Keeps the latest errors of backends. Safe for use by several threads. Mirrors {@code ErrorHolder} of the reference. */
public final class EventLog {
    private static final int MAX_ERRORS = 500;
    private static final int MAX_SIZE = 51200;

    /** Guarded by this. */
    private final Deque<String> errors = new ArrayDeque<>();

    private int size;

    /** Notes an error, dropping the oldest ones for which there is no room any more. */
    public synchronized void add(String error) {
        String entry = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC)) + " - " + error;
        int bytes = bytes(entry);
        if (bytes > MAX_SIZE) {
            return;
        }
        while (!errors.isEmpty() && (errors.size() >= MAX_ERRORS || size + bytes > MAX_SIZE)) {
            size -= bytes(errors.removeFirst());
        }
        errors.addLast(entry);
        size += bytes;
    }

    /** Returns the errors, oldest first. */
    public synchronized ErrorEvents snapshot() {
        return new ErrorEvents(MAX_ERRORS, MAX_SIZE, new ArrayList<>(errors));
    }

    private static int bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8).length;
    }
}
