package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;

/**
 * Fetches all that blobs still lack, on a thread of its own, so that their mounts need no process any more. Where data may be evicted
 * that never comes to be, so such blobs are left out.
 */
public final class BackgroundFill {
    private static final Logger LOG = System.getLogger(BackgroundFill.class.getName());
    private static final long STEP = 4L << 20;
    private static final Duration PAUSE = Duration.ofSeconds(5);

    private final List<? extends LazyBlob> blobs;
    private final Thread thread;
    private volatile boolean stopped;

    private BackgroundFill(List<? extends LazyBlob> blobs) {
        this.blobs = blobs.stream().filter(blob -> !blob.evicts()).toList();
        this.thread = Thread.ofVirtual().name("nydus-fill-all").unstarted(this::run);
    }

    /** Starts to fill blobs, which stay open until {@link #stop} has returned. */
    public static BackgroundFill start(List<? extends LazyBlob> blobs) {
        BackgroundFill fill = new BackgroundFill(blobs);
        fill.thread.start();
        return fill;
    }

    private void run() {
        while (!stopped) {
            try {
                for (LazyBlob blob : blobs) {
                    fill(blob);
                }
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

    private void fill(LazyBlob blob) throws IOException {
        for (long at = 0; at < blob.size() && !stopped && !blob.isComplete(); at += STEP) {
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
