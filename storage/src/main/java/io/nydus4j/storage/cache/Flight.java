package io.nydus4j.storage.cache;

import io.nydus4j.storage.DataOrigin;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Work on some chunks that is under way: whoever needs one of them waits for it instead of doing it again, and goes on as soon as that one
 * is ready, while others are worked on. Safe for use by several threads.
 */
final class Flight {
    /** What is done with the chunks. */
    enum Kind {
        /** The cache file seems to hold them; they are checked. */
        CHECK,
        /** They are fetched because somebody waits for them. */
        DEMAND,
        /** They are fetched because somebody comes near who will need them: with all the patience of a demand, but nobody waits yet. */
        AHEAD,
        /** They are fetched before anybody needs them. */
        PREFETCH
    }

    private final Kind kind;
    private final int first;
    private final int last;
    private final int needed;
    /** Which of the chunks are this flight's, counted from the first. Never changes after the flight is made. */
    private final BitSet claimed;

    private final Map<Integer, IOException> failures = new ConcurrentHashMap<>();
    /** Guards {@link #waiters} and {@link #ended}. */
    private final ReentrantLock lock = new ReentrantLock();

    private final List<Waiter> waiters = new ArrayList<>();
    private boolean ended;
    private volatile @Nullable IOException failure;
    private volatile DataOrigin origin = DataOrigin.LOCAL;

    /** Waits for some of the chunks. Guarded by the lock. */
    private final class Waiter {
        private final ReadyBits ready;
        private final int upTo;
        private final Condition arrived = lock.newCondition();
        /** All before this are ready. */
        private int position;

        private Waiter(ReadyBits ready, int from, int upTo) {
            this.ready = ready;
            this.position = Math.max(from, first);
            this.upTo = Math.min(upTo, last);
        }

        private boolean waits() {
            while (position <= upTo && (!claims(position) || ready.get(position))) {
                position++;
            }
            return position <= upTo && !ended;
        }
    }

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

    /** Returns from how far away something came so far: what is ready, and perhaps what will be. */
    DataOrigin origin() {
        return origin;
    }

    /** Tells whether something failed in this flight. */
    boolean failed() {
        return failure != null || !failures.isEmpty();
    }

    /** Wakes who waited for the chunks that have become ready so far, and for no others. */
    void landed() {
        lock.lock();
        try {
            for (Waiter waiter : waiters) {
                if (!waiter.waits()) {
                    waiter.arrived.signal();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Wakes all who wait. */
    void end() {
        lock.lock();
        try {
            ended = true;
            waiters.forEach(waiter -> waiter.arrived.signal());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until this flight's chunks among some are ready, or it has ended. The flight goes on if the thread is interrupted.
     *
     * @param ready tells which chunks are ready
     * @param from  first chunk that is needed
     * @param upTo  last chunk that is needed
     * @throws InterruptedIOException if the thread is interrupted; it stays so
     */
    void await(ReadyBits ready, int from, int upTo) throws InterruptedIOException {
        lock.lock();
        Waiter waiter = new Waiter(ready, from, upTo);
        waiters.add(waiter);
        try {
            while (waiter.waits()) {
                waiter.arrived.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while data was fetched");
            interrupted.initCause(e);
            throw interrupted;
        } finally {
            waiters.remove(waiter);
            lock.unlock();
        }
    }
}
