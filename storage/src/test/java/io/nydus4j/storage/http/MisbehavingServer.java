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
 * Serves blobs and goes through every fault that may pass, in random order, once it is told to {@link #misbehave}; it counts the bytes of
 * right answers. Each fault ends before readers that follow {@link #PATIENCE} give up.
 */
public final class MisbehavingServer implements AutoCloseable {
    /** Settings of a network backend, as JSON, with which each fault is survived. */
    public static final String PATIENCE = "\"timeout\":1,\"connect_timeout\":1,\"retry_limit\":8";

    private static final int LONGEST_FAULT_MILLIS = 1000;
    private static final int LATE_MILLIS = 300;
    private static final int TOO_LATE_MILLIS = 1500;

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
        RESET_AFTER_HEAD
    }

    private final FaultyServer server = FaultyServer.start();
    private final AtomicLong served = new AtomicLong();
    private final AtomicInteger faults = new AtomicInteger();
    private final Set<Fault> seen = Collections.synchronizedSet(EnumSet.noneOf(Fault.class));
    /** What was damaged already: readers ask again for that, but not for ever. */
    private final Map<String, Boolean> damaged = new ConcurrentHashMap<>();

    private volatile Fault fault = Fault.NONE;
    private volatile Duration delay = Duration.ZERO;
    private @Nullable Thread chaos;

    /** Starts one that behaves. */
    public MisbehavingServer() throws IOException {
        server.answer(this::answer);
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

    /** Returns the faults that it went through. */
    public Set<Fault> seen() {
        return EnumSet.copyOf(seen);
    }

    private void answer(FaultyServer.Request request, FaultyServer.Answer answer) throws IOException {
        Fault now = request.method().equals("GET") ? fault : Fault.NONE;
        if (now != Fault.NONE) {
            faults.incrementAndGet();
        }
        byte[] part = request.method().equals("GET") ? server.part(request) : new byte[0];
        Map<String, String> range = part.length == 0 ? Map.of() : Map.of("Content-Range", server.contentRange(request));
        switch (now) {
            case NONE -> serve(request, answer, part.length);
            case DOWN -> throw new IOException("connection is cut");
            case ERROR -> answer.send(503, "out of order");
            case BUSY -> answer.send(429, Map.of("Retry-After", "1"), new byte[0]);
            case LATE -> {
                sleep(LATE_MILLIS);
                serve(request, answer, part.length);
            }
            case TOO_LATE -> {
                sleep(TOO_LATE_MILLIS);
                throw new IOException("nobody waits any more");
            }
            case TRUNCATED -> {
                answer.head(206, range, part.length);
                answer.body(Arrays.copyOf(part, part.length / 2));
                throw new IOException("cut off");
            }
            case WRONG_BYTES -> {
                if (damaged.putIfAbsent(request.blobId() + request.first(), true) != null) {
                    serve(request, answer, part.length);
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
        }
    }

    private void serve(FaultyServer.Request request, FaultyServer.Answer answer, int length) throws IOException {
        sleep(delay.toMillis());
        server.serveBlob(request, answer);
        served.addAndGet(length);
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
                        damaged.clear();
                        fault = next;
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
