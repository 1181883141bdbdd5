package io.nydus4j.storage.http;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Cuts a request off that takes too long as a whole: limits of single reads never end a server that sends a byte at a time. Closed when
 * the reply is read. Safe for use by several threads.
 */
final class Deadline implements AutoCloseable {
    private final Runnable cut;
    private final Thread watch;
    private final AtomicLong end;
    private volatile boolean passed;

    private Deadline(Duration patience, Runnable cut) {
        this.cut = cut;
        this.end = new AtomicLong(System.nanoTime() + patience.toNanos());
        this.watch = Thread.ofVirtual().name("nydus-deadline").unstarted(this::watch);
    }

    /**
     * Starts to watch a request.
     *
     * @param patience how long it may take; zero for ever
     * @param cut      ends it
     */
    static Deadline after(Duration patience, Runnable cut) {
        Deadline deadline = new Deadline(patience, cut);
        if (!patience.isZero()) {
            deadline.watch.start();
        }
        return deadline;
    }

    private void watch() {
        try {
            for (long left = left(); left > 0; left = left()) {
                Thread.sleep(Duration.ofNanos(left));
            }
            passed = true;
            cut.run();
        } catch (InterruptedException e) {
            // The reply is there.
        }
    }

    private long left() {
        return end.get() - System.nanoTime();
    }

    /** Gives more time. */
    void extend(Duration more) {
        end.addAndGet(more.toNanos());
    }

    /** Tells whether the request was cut off. */
    boolean hasPassed() {
        return passed;
    }

    @Override
    public void close() {
        watch.interrupt();
    }
}
