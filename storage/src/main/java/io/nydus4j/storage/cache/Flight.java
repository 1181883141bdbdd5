package io.nydus4j.storage.cache;

import io.nydus4j.storage.DataOrigin;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * Work on some chunks that is under way: whoever needs one of them waits for it instead of doing it again. Safe for use by several
 * threads.
 */
final class Flight {
    /** What is done with the chunks. */
    enum Kind {
        /** The cache file seems to hold them; they are checked. */
        CHECK,
        /** They are fetched because somebody waits for them. */
        DEMAND,
        /** They are fetched before anybody needs them. */
        PREFETCH
    }

    private final Kind kind;
    private final int first;
    private final int last;
    private final int needed;
    /** Which of the chunks are this flight's, counted from the first. Never changes after the flight is made. */
    private final BitSet claimed;

    private final CountDownLatch done = new CountDownLatch(1);
    private final Map<Integer, IOException> failures = new ConcurrentHashMap<>();
    private volatile @Nullable IOException failure;
    private volatile DataOrigin origin = DataOrigin.LOCAL;

    /**
     * Makes a flight.
     *
     * @param first   first chunk
     * @param last    last chunk
     * @param needed  last chunk that somebody waits for; those behind it only come along
     * @param claimed which of them are its own, counted from {@code first}; kept
     */
    Flight(Kind kind, int first, int last, int needed, BitSet claimed) {
        this.kind = kind;
        this.first = first;
        this.last = last;
        this.needed = needed;
        this.claimed = claimed;
    }

    Kind kind() {
        return kind;
    }

    int first() {
        return first;
    }

    int last() {
        return last;
    }

    int needed() {
        return needed;
    }

    /** Tells whether a chunk is this flight's own. */
    boolean claims(int position) {
        return position >= first && position <= last && claimed.get(position - first);
    }

    /** Notes the failure of one chunk. */
    void fail(int position, IOException cause) {
        failures.put(position, cause);
    }

    /** Notes a failure of the whole. */
    void fail(IOException cause) {
        failure = cause;
    }

    /** Returns why a chunk of a flight that has ended did not become ready; null if nothing failed. */
    @Nullable
    IOException failureOf(int position) {
        IOException own = failures.get(position);
        return own != null ? own : failure;
    }

    /** Notes where something came from. For the thread that runs the flight. */
    void cameFrom(DataOrigin place) {
        origin = origin.and(place);
    }

    /** Returns from how far away something came in a flight that has ended. */
    DataOrigin origin() {
        return origin;
    }

    /** Tells whether something failed in this flight. */
    boolean failed() {
        return failure != null || !failures.isEmpty();
    }

    /** Wakes who waits. */
    void end() {
        done.countDown();
    }

    /**
     * Waits for the end. The flight goes on if the thread is interrupted.
     *
     * @throws InterruptedIOException if the thread is interrupted; it stays so
     */
    void await() throws InterruptedIOException {
        try {
            done.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while data was fetched");
            interrupted.initCause(e);
            throw interrupted;
        }
    }
}
