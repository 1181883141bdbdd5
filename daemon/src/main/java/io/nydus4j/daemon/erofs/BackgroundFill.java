package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;

/** Fetches all that is still missing, on a thread of its own, so that mounts need no process any more. */
public final class BackgroundFill {
    private static final Logger LOG = System.getLogger(BackgroundFill.class.getName());
    private static final long STEP = 4L << 20;
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final Pass pass;
    private final Thread thread;
    private volatile boolean stopped;

    /** Goes through all that is to be fetched. */
    @FunctionalInterface
    interface Pass {
        /**
         * Fetches what is missing.
         *
         * @param stopped tells when to leave off
         * @throws IOException if something cannot be had now: it is tried again later
         */
        void run(BooleanSupplier stopped) throws IOException;
    }

    private BackgroundFill(Pass pass) {
        this.pass = pass;
        this.thread = Thread.ofVirtual().name("nydus-fill-all").unstarted(this::run);
    }

    /**
     * Starts to fill blobs, which stay open until {@link #stop} has returned. Where data may be evicted, nothing is ever complete: such
     * blobs are left out.
     */
    public static BackgroundFill start(List<? extends LazyBlob> blobs) {
        return start(stopped -> {
            for (LazyBlob blob : blobs) {
                if (!blob.evicts()) {
                    fill(blob, stopped);
                }
            }
        });
    }

    /** Starts to run a pass, again and again until one ends well. */
    static BackgroundFill start(Pass pass) {
        BackgroundFill fill = new BackgroundFill(pass);
        fill.thread.start();
        return fill;
    }

    private void run() {
        while (!stopped) {
            try {
                pass.run(() -> stopped);
                return;
            } catch (IOException e) {
                LOG.log(Level.WARNING, "filling goes on in {0} s: {1}", PAUSE.toSeconds(), e.getMessage());
            }
            try {
                Thread.sleep(PAUSE);
            } catch (InterruptedException e) {
                return; // stopped
            }
        }
    }

    private static void fill(LazyBlob blob, BooleanSupplier stopped) throws IOException {
        for (long at = 0; at < blob.size() && !stopped.getAsBoolean() && !blob.isComplete(); at += STEP) {
            try (Pin _ = blob.ensure(at, Math.min(STEP, blob.size() - at))) {
                // It is here now.
            }
        }
    }

    /** Tells whether it goes on. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /** Stops, once what is being fetched is here. */
    public void stop() {
        stopped = true;
        thread.interrupt();
        ThreadEnd.await(thread);
    }
}
