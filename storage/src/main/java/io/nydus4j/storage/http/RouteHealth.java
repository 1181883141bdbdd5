package io.nydus4j.storage.http;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Knows whether a proxy or mirror is worth asking. Safe for use by several threads.
 *
 * <p>With an address to ping it is asked there, at intervals while there are requests: a failure makes it unhealthy, success healthy. A
 * number of requests in a row that fail make it unhealthy, too; without a ping it then gets another chance after an interval.
 */
final class RouteHealth implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(RouteHealth.class.getName());

    private final String name;
    private final int failureLimit;
    private final Duration interval;
    private final Duration pause;
    private final Optional<Ping> ping;
    private final LongSupplier clock;
    private final AtomicInteger failures = new AtomicInteger();
    private volatile boolean healthy = true;
    private volatile long changed;
    private volatile long lastUse;
    private volatile @Nullable Thread pinger;

    /** How to ask. */
    record Ping(HttpTransport transport, URI uri) {
        boolean succeeds() {
            try {
                return transport.send(HttpCall.of("GET", uri), reply -> reply.status() < 400);
            } catch (IOException e) {
                return false;
            }
        }
    }

    /**
     * Starts as healthy.
     *
     * @param name         for messages
     * @param failureLimit after how many failures in a row it counts as unhealthy; 0 for never
     * @param interval     between two pings, and before another chance
     * @param pause        after this time without requests there are no pings
     */
    RouteHealth(String name, int failureLimit, Duration interval, Duration pause, Optional<Ping> ping) {
        this.name = name;
        this.failureLimit = failureLimit;
        this.interval = interval.isZero() ? Duration.ofSeconds(1) : interval;
        this.pause = pause;
        this.ping = ping;
        this.clock = System::nanoTime;
        this.changed = clock.getAsLong();
        this.lastUse = clock.getAsLong();
        if (ping.isPresent()) {
            pinger = Thread.ofVirtual().name("nydus-ping").start(() -> pingForEver(ping.get()));
        }
    }

    /** Tells whether it is worth asking, and notes that there are requests. */
    boolean healthy() {
        lastUse = clock.getAsLong();
        boolean anotherChance = ping.isEmpty() && clock.getAsLong() - changed > interval.toNanos();
        return healthy || anotherChance;
    }

    /** Notes that a request went well. */
    void succeeded() {
        failures.set(0);
        if (ping.isEmpty()) {
            set(true);
        }
    }

    /** Notes that a request failed. */
    void failed() {
        if (failureLimit > 0 && failures.incrementAndGet() >= failureLimit) {
            set(false);
        }
    }

    private void set(boolean now) {
        changed = clock.getAsLong();
        if (healthy != now) {
            healthy = now;
            LOGGER.log(Level.WARNING, name + (now ? " is healthy again" : " is unhealthy"));
        }
    }

    private void pingForEver(Ping how) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                if (clock.getAsLong() - lastUse <= pause.toNanos()) {
                    boolean alive = how.succeeds();
                    if (alive) {
                        failures.set(0);
                    }
                    set(alive);
                }
                Thread.sleep(interval);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Ends the pings. */
    @Override
    public void close() {
        Thread running = pinger;
        if (running != null) {
            running.interrupt();
        }
    }
}
