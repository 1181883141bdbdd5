package io.nydus4j.storage.http;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Serves blobs with a fault at a time, which somebody says, or, once it is told to {@link #misbehave}, goes through every fault that may
 * pass in random order; it counts the bytes of right answers. Each of those ends before readers that follow {@link #PATIENCE} give up.
 */
public final class MisbehavingServer implements AutoCloseable {
    /** Settings of a network backend, as JSON, with which each fault is survived. */
    public static final String PATIENCE = "\"timeout\":1,\"connect_timeout\":1,\"retry_limit\":8";

    private static final int LONGEST_FAULT_MILLIS = 1000;
    private static final int LATE_MILLIS = 300;
    private static final int TOO_LATE_MILLIS = 5000;

    /** What a server does for a while. */
    public enum Fault {
        NONE,
        DOWN,
        ERROR,
        BUSY,
        LATE,
        TOO_LATE,
        TRUNCATED,
        WRONG_BYTES,
        WRONG_LENGTH,
        WRONG_RANGE,
        RESET_AFTER_HEAD;

        /** Tells whether blobs are served, rightly or wrongly, rather than nothing at all. */
        private boolean ofContent() {
            return switch (this) {
                case NONE, TRUNCATED, WRONG_BYTES, WRONG_LENGTH, WRONG_RANGE, RESET_AFTER_HEAD -> true;
                case DOWN, ERROR, BUSY, LATE, TOO_LATE -> false;
            };
        }
    }

    /** Answers some requests in its own way. */
    @FunctionalInterface
    public interface Gate {
        /** Answers a request, or returns false so that the blob is served. */
        boolean answers(FaultyServer.Request request, FaultyServer.Answer answer) throws IOException;
    }

    private final FaultyServer server;
    private final AtomicLong served = new AtomicLong();
    private final AtomicInteger faults = new AtomicInteger();
    private final AtomicInteger right = new AtomicInteger();
    private final Set<Fault> seen = Collections.synchronizedSet(EnumSet.noneOf(Fault.class));
    /** What was damaged already: readers ask again for that, but not for ever. */
    private final Map<String, Boolean> damaged = new ConcurrentHashMap<>();

    private volatile Fault fault = Fault.NONE;
    private volatile Gate gate = (_, _) -> false;
    private volatile Duration delay = Duration.ZERO;
    private @Nullable Thread chaos;

    /** Starts one that behaves. */
    public MisbehavingServer() throws IOException {
        this(FaultyServer.start());
    }

    /**
     * Has a server answer by this.
     *
     * @param server is closed with this
     */
    public MisbehavingServer(FaultyServer server) {
        this.server = server;
        server.answer(this::answer);
    }

    /** Sets what comes before blobs, but after faults of the server as a whole. */
    public MisbehavingServer gate(Gate next) {
        gate = next;
        return this;
    }

    /** Begins a fault, {@link Fault#NONE} to end it. */
    public void begin(Fault next) {
        damaged.clear();
        fault = next;
    }

    /** Adds a blob. */
    public void with(String blobId, byte[] content) {
        server.with(blobId, content);
    }

    /** Has each good answer wait for a while. */
    public void delay(Duration next) {
        delay = next;
    }

    /** Returns the URL of the server without a slash at its end. */
    public String address() {
        return server.address();
    }

    /** Returns host and port. */
    public String host() {
        return server.host();
    }

    /** Returns how many bytes right answers had since the last call. */
    public long takeServedBytes() {
        return served.getAndSet(0);
    }

    /** Returns how many requests met a fault. */
    public int faultyAnswers() {
        return faults.get();
    }

    /** Returns how many answers were right. */
    public int rightAnswers() {
        return right.get();
    }

    /** Returns the faults that it went through. */
    public Set<Fault> seen() {
        return EnumSet.copyOf(seen);
    }

    private void answer(FaultyServer.Request request, FaultyServer.Answer answer) throws IOException {
        Fault now = request.method().equals("GET") ? fault : Fault.NONE;
        if (now.ofContent() && gate.answers(request, answer)) {
            return;
        }
        if (now != Fault.NONE) {
            faults.incrementAndGet();
        }
        switch (now) {
            case DOWN -> throw new IOException("connection is cut");
            case ERROR -> answer.send(503, "out of order");
            case BUSY -> answer.send(429, Map.of("Retry-After", "1"), new byte[0]);
            case TOO_LATE -> {
                sleep(TOO_LATE_MILLIS);
                throw new IOException("nobody waits any more");
            }
            case LATE -> {
                sleep(LATE_MILLIS);
                if (!gate.answers(request, answer)) {
                    serve(request, answer);
                }
            }
            case NONE -> serve(request, answer);
            case TRUNCATED, WRONG_BYTES, WRONG_LENGTH, WRONG_RANGE, RESET_AFTER_HEAD -> spoil(now, request, answer);
        }
    }

    /** Answers a request for a blob wrongly. */
    private void spoil(Fault now, FaultyServer.Request request, FaultyServer.Answer answer) throws IOException {
        byte[] part = server.part(request);
        Map<String, String> range = Map.of("Content-Range", server.contentRange(request));
        switch (now) {
            case TRUNCATED -> {
                answer.head(206, range, part.length);
                answer.body(Arrays.copyOf(part, part.length / 2));
                throw new IOException("cut off");
            }
            case WRONG_BYTES -> {
                if (damaged.putIfAbsent(request.blobId() + request.first(), true) != null) {
                    serve(request, answer);
                    return;
                }
                part[part.length / 2] ^= 0x40;
                answer.send(206, range, part);
            }
            case WRONG_LENGTH -> answer.send(206, range, Arrays.copyOf(part, part.length - 1));
            case WRONG_RANGE -> answer.send(206, Map.of("Content-Range", "bytes 1-" + part.length + "/1000000"), part);
            case RESET_AFTER_HEAD -> {
                answer.head(206, range, part.length);
                throw new IOException("reset");
            }
            case NONE, DOWN, ERROR, BUSY, LATE, TOO_LATE -> throw new IllegalArgumentException(now + " spoils nothing");
        }
    }

    private void serve(FaultyServer.Request request, FaultyServer.Answer answer) throws IOException {
        sleep(delay.toMillis());
        server.serveBlob(request, answer);
        if (request.method().equals("GET")) {
            served.addAndGet(server.part(request).length);
            right.incrementAndGet();
        }
    }

    private static void sleep(long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Goes through faults in random order until it is closed: each lasts for a second at most, and then all is well for one. */
    public void misbehave(Random random) {
        chaos = Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    List<Fault> order = new ArrayList<>(List.of(Fault.values()));
                    Collections.shuffle(order, random);
                    for (Fault next : order) {
                        begin(next);
                        Thread.sleep(LONGEST_FAULT_MILLIS / 10 + random.nextInt(LONGEST_FAULT_MILLIS * 9 / 10));
                        fault = Fault.NONE;
                        seen.add(next);
                        Thread.sleep(LATE_MILLIS + random.nextInt(LONGEST_FAULT_MILLIS - LATE_MILLIS));
                    }
                }
            } catch (InterruptedException e) {
                fault = Fault.NONE;
            }
        });
    }

    /** Stops listening and misbehaving. */
    @Override
    public void close() {
        if (chaos != null) {
            chaos.interrupt();
        }
        server.close();
    }
}
