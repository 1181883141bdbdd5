package io.nydus4j.linux.fuse;

/**
 * How a loop that has just answered looks for the next request before it sleeps. Whoever walks a tree asks again within microseconds,
 * while to wake a sleeping thread takes tens of them.
 *
 * <p>The client may wait for this very processor, so the loop offers it each time it found nothing. If others take it for long they
 * would be in the way of each request, while a thread that is woken goes before them: the loop sleeps for a while then. For one thread.
 */
final class LoopLook {
    /** For how long a loop looks after an answer. */
    private static final long LOOK_NANOS = 20_000;
    /** How long the processor may be away at a time. */
    private static final long LOST_NANOS = 1_000_000;
    /** For how long a loop does not look if it was away longer. */
    private static final long PAUSE_NANOS = 50_000_000;

    private static final boolean POSSIBLE = Runtime.getRuntime().availableProcessors() > 1;

    private final LoopRest rest;
    private boolean looking;
    private long until;
    private long pausedUntil = System.nanoTime();

    /**
     * Makes the looks of one loop.
     *
     * @param rest where it sleeps, and is told that it looks
     */
    LoopLook(LoopRest rest) {
        this.rest = rest;
    }

    /** Begins to look, or to look anew; to be called after an answer. */
    void begin() {
        long now = System.nanoTime();
        until = now + LOOK_NANOS;
        looking = looking || POSSIBLE && now - pausedUntil >= 0 && rest.beginLook();
    }

    /** Tells whether the loop is to look once more, having offered the processor to others. */
    @SuppressWarnings("ThreadPriorityCheck") // nothing but time depends on whether the client has it
    boolean goesOn() {
        if (!looking) {
            return false;
        }
        long now = System.nanoTime();
        if (now - until >= 0) {
            end();
            return false;
        }
        Thread.yield();
        long then = System.nanoTime();
        if (then - now >= LOST_NANOS) {
            pausedUntil = then + PAUSE_NANOS;
            end();
        }
        return true;
    }

    /** Ends the look, if there is one. */
    void end() {
        if (looking) {
            looking = false;
            rest.endLook();
        }
    }
}
