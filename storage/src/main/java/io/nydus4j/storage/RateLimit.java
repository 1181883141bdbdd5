package io.nydus4j.storage;

import java.util.concurrent.TimeUnit;

/** Lets a number of bytes pass each second; after a pause up to ten seconds' worth at once. Safe for use by several threads. */
public final class RateLimit {
    private static final int BURST_SECONDS = 10;

    private final long perSecond;
    /** Guarded by this. */
    private double tokens;

    private long last = System.nanoTime();

    /** Makes a limit in bytes a second; 0 for none. */
    public RateLimit(long perSecond) {
        this.perSecond = perSecond;
        this.tokens = this.perSecond;
    }

    /**
     * Waits until {@code bytes} may pass.
     *
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    public void take(long bytes) throws InterruptedException {
        if (perSecond == 0) {
            return;
        }
        long wait = waitFor(Math.min(bytes, 2 * BURST_SECONDS * perSecond));
        if (wait > 0) {
            TimeUnit.NANOSECONDS.sleep(wait);
        }
    }

    /** Takes tokens, more than there are if need be; returns after how many nanoseconds they will be there. */
    private synchronized long waitFor(long bytes) {
        long now = System.nanoTime();
        tokens = Math.min((double) BURST_SECONDS * perSecond, tokens + (now - last) * 1e-9 * perSecond);
        last = now;
        tokens -= bytes;
        return tokens >= 0 ? 0 : (long) (-tokens / perSecond * 1e9);
    }
}
