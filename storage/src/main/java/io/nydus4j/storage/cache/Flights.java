package io.nydus4j.storage.cache;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides who does what: for the chunks that somebody needs, which are ready, which are being worked on, and which new flights to start.
 * Safe for use by several threads; nothing here does I/O.
 */
final class Flights {
    /** Requests that one caller starts at a time. */
    private static final int MOST_OWN = 4;
    /** Plain bytes that are checked in one flight. */
    private static final long CHECK_SIZE = 8 << 20;
    /** Bytes that are made ready ahead of a reader when it is first seen to go on; doubled each time it goes on again. */
    private static final long FIRST_AHEAD = 512 << 10;
    /** Requests that are made ahead of a reader at a time. */
    private static final int MOST_AHEAD = 4;
    /** How many chunks a reader may have skipped and still count as going on. */
    private static final int SKIPPED = 32;

    /** Guards all fields. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition idle = lock.newCondition();
    private final List<Flight> active = new ArrayList<>();
    /** First chunk behind those that the last flights were for. */
    private int plannedUpTo = -1;

    private long aheadSize;
    /** Where what was planned ahead last starts and ends; not guarded by the lock. */
    private final AtomicReference<Stretch> lastAhead = new AtomicReference<>(Stretch.NONE);

    private boolean closed;
    private boolean paused;

    /** A range of the blob, in bytes. */
    private record Stretch(long start, long end) {
        static final Stretch NONE = new Stretch(0, 0);
    }

    /** What a flight is planned by. */
    interface Chunks {
        ChunkIndex index();

        /** Tells whether a chunk is there and checked. */
        boolean isReady(int position);

        /** Tells whether the cache file seems to hold a chunk. */
        boolean isKept(int position);

        /** Tells whether there is something to check a chunk by. */
        boolean canCheck(int position);
    }

    /**
     * What to do next for a range of chunks.
     *
     * @param own     flights to run, all begun for the caller
     * @param ahead   flights to run without waiting for them, begun likewise
     * @param awaited a flight to wait for if there are none of its own; null if all is ready
     */
    record Next(
            List<Flight> own, List<Flight> ahead, @Nullable Flight awaited) {
        /** Returns all flights that were begun. */
        List<Flight> begun() {
            if (ahead.isEmpty()) {
                return own;
            }
            List<Flight> all = new ArrayList<>(own);
            all.addAll(ahead);
            return all;
        }
    }

    /**
     * Plans for a range of chunks.
     *
     * @param chunks the chunks, the same for all callers at a time
     * @param first  first chunk needed
     * @param last   last chunk needed
     * @param window how far requests may grow
     * @param kind   {@link Flight.Kind#DEMAND} or {@link Flight.Kind#PREFETCH}
     * @throws IOException if no flight may begin any more
     */
    Next next(Chunks chunks, int first, int last, FetchWindow window, Flight.Kind kind) throws IOException {
        lock.lock();
        try {
            while (paused) {
                idle.awaitUninterruptibly();
            }
            if (closed) {
                throw new IOException("the blob is closed");
            }
            return allOrNone(() -> plan(chunks, first, last, window, kind));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Makes a plan. If that fails, such as for a chunk map that the disk does not give, none of its flights begins: nobody would run and
     * end it. Needs the lock.
     */
    private <T> T allOrNone(Supplier<T> planning) {
        int before = active.size();
        boolean planned = false;
        try {
            T plan = planning.get();
            planned = true;
            return plan;
        } finally {
            if (!planned) {
                active.subList(before, active.size()).clear();
            }
        }
    }

    private Next plan(Chunks chunks, int first, int last, FetchWindow window, Flight.Kind kind) {
        List<Flight> own = new ArrayList<>();
        List<Flight> ahead = List.of();
        Flight awaited = null;
        int position = first;
        while (position <= last && own.size() < MOST_OWN) {
            if (chunks.isReady(position)) {
                position++;
                continue;
            }
            Flight other = flightOf(position);
            if (other != null) {
                awaited = awaited == null ? other : awaited;
                position++;
                continue;
            }
            Flight flight = chunks.isKept(position)
                    ? planCheck(chunks, position, last)
                    : planFetch(chunks, position, last, window, kind);
            active.add(flight);
            own.add(flight);
            position = flight.last() + 1;
            if (position > last && kind == Flight.Kind.DEMAND) {
                ahead = planAhead(chunks, flight, window);
            }
        }
        return new Next(own, ahead, awaited);
    }

    private @Nullable Flight flightOf(int position) {
        for (Flight flight : active) {
            if (flight.claims(position)) {
                return flight;
            }
        }
        return null;
    }

    private boolean isFree(Chunks chunks, int position) {
        return !chunks.isReady(position) && flightOf(position) == null;
    }

    /**
     * Plans flights for the chunks behind a flight, too, if a reader goes on through the blob, the more the farther it has gone: the next
     * reads find them ready, which another core has checked or decoded.
     */
    private List<Flight> planAhead(Chunks chunks, Flight flight, FetchWindow window) {
        boolean goesOn = plannedUpTo >= 0 && flight.first() >= plannedUpTo && flight.first() - plannedUpTo <= SKIPPED;
        plannedUpTo = flight.last() + 1;
        if (!goesOn) {
            aheadSize = 0;
            lastAhead.set(Stretch.NONE);
            return List.of();
        }
        return planMore(chunks, window);
    }

    /** Plans flights for the chunks behind all that was planned. */
    private List<Flight> planMore(Chunks chunks, FetchWindow window) {
        aheadSize = Math.clamp(2 * aheadSize, FIRST_AHEAD, CHECK_SIZE);
        List<Flight> ahead = new ArrayList<>();
        long left = Math.min(aheadSize, window.plainSize());
        if (isNext(chunks, true)) {
            addAhead(ahead, planCheck(chunks, plannedUpTo, chunks.index().size() - 1, left));
            left = 0;
        }
        left = Math.min(left, MOST_AHEAD * window.batchSize());
        while (left > 0 && isNext(chunks, false)) {
            FetchWindow room = window.upTo(left);
            addAhead(ahead, planFetch(chunks, plannedUpTo, plannedUpTo - 1, room, Flight.Kind.AHEAD));
            left -= room.batchSize();
        }
        ChunkIndex index = chunks.index();
        lastAhead.set(
                ahead.isEmpty()
                        ? Stretch.NONE
                        : new Stretch(index.start(ahead.getFirst().first()), index.end(plannedUpTo - 1)));
        return ahead;
    }

    /**
     * Tells whether a reader has come to what was planned ahead last, so that {@link #goOn} is to be called; once for all readers there.
     *
     * @param offset what is read, in bytes from the start of the blob
     */
    boolean reaches(long offset) {
        Stretch last = lastAhead.get();
        return offset >= last.start() && offset < last.end() && lastAhead.compareAndSet(last, Stretch.NONE);
    }

    /**
     * Plans flights behind all that was planned, for a reader who goes on through what is ready.
     *
     * @return flights to run without waiting for them, all begun; none while none may begin
     */
    List<Flight> goOn(Chunks chunks, FetchWindow window) {
        lock.lock();
        try {
            return closed || paused || aheadSize == 0 ? List.of() : allOrNone(() -> planMore(chunks, window));
        } finally {
            lock.unlock();
        }
    }

    /** Tells whether the chunk behind the last flight can be made ready by checking what is kept, or else by fetching. */
    private boolean isNext(Chunks chunks, boolean kept) {
        return plannedUpTo < chunks.index().size()
                && isFree(chunks, plannedUpTo)
                && chunks.isKept(plannedUpTo) == kept
                && (kept || chunks.canCheck(plannedUpTo));
    }

    private void addAhead(List<Flight> ahead, Flight flight) {
        plannedUpTo = flight.last() + 1;
        active.add(flight);
        ahead.add(flight);
    }

    /** Plans to check kept chunks from {@code first} on. */
    private Flight planCheck(Chunks chunks, int first, int limit) {
        return planCheck(chunks, first, limit, CHECK_SIZE);
    }

    private Flight planCheck(Chunks chunks, int first, int limit, long mostBytes) {
        BitSet claimed = new BitSet();
        long size = 0;
        int position = first;
        while (position <= limit && size < mostBytes && chunks.isKept(position) && isFree(chunks, position)) {
            claimed.set(position - first);
            size += chunks.index().length(position);
            position++;
        }
        return new Flight(Flight.Kind.CHECK, first, position - 1, position - 1, claimed);
    }

    /**
     * Plans one request that starts with the unit of the chunk {@code needed}: it grows unit by unit as long as its stored bytes stay in
     * the window and not more than a gap of them is of no use, and ends with a unit that has something missing. Units behind
     * {@code limit}, which nobody asked for, come along only as far as they can be checked.
     */
    private Flight planFetch(Chunks chunks, int needed, int limit, FetchWindow window, Flight.Kind kind) {
        ChunkIndex index = chunks.index();
        int first = index.unitFirst(needed);
        int last = index.unitLast(needed);
        long requestStart = index.unitOffset(first);
        long requestEnd = requestStart + index.unitStoredSize(first);
        long useful = requestEnd;
        long plain = index.unitPlainSize(first);
        int unit = last + 1;
        while (unit < index.size()) {
            int unitLast = index.unitLast(unit);
            long start = index.unitOffset(unit);
            long end = start + index.unitStoredSize(unit);
            plain += index.unitPlainSize(unit);
            if (start < requestStart
                    || end < requestEnd
                    || end - requestStart > window.batchSize()
                    || plain > window.plainSize()) {
                break;
            }
            requestEnd = end;
            if (isMissing(chunks, unit, unitLast, limit)) {
                if (start - useful > window.gap()) {
                    break;
                }
                useful = end;
                last = unitLast;
            } else if (end - useful > window.gap()) {
                break;
            }
            unit = unitLast + 1;
        }
        BitSet claimed = new BitSet();
        for (int position = first; position <= last; position++) {
            if (!chunks.isKept(position) && isFree(chunks, position)) {
                claimed.set(position - first);
            }
        }
        return new Flight(kind, first, last, Math.min(limit, last), claimed);
    }

    private boolean isMissing(Chunks chunks, int first, int last, int limit) {
        for (int position = first; position <= last; position++) {
            if (!chunks.isKept(position)
                    && isFree(chunks, position)
                    && (position <= limit || chunks.canCheck(position))) {
                return true;
            }
        }
        return false;
    }

    /** Ends a flight and wakes who waits for it. */
    void end(Flight flight) {
        lock.lock();
        try {
            active.remove(flight);
            if (active.isEmpty()) {
                idle.signalAll();
            }
        } finally {
            lock.unlock();
        }
        flight.end();
    }

    /** Waits until no flight is under way, and runs something before the next one begins. */
    void whileIdle(Runnable action) {
        lock.lock();
        try {
            while (paused) {
                idle.awaitUninterruptibly();
            }
            paused = true;
            while (!active.isEmpty()) {
                idle.awaitUninterruptibly();
            }
            action.run();
        } finally {
            paused = false;
            idle.signalAll();
            lock.unlock();
        }
    }

    /**
     * Lets no flight begin any more, and waits for the end of those under way.
     *
     * @return whether this was the first call
     */
    boolean close() {
        lock.lock();
        try {
            boolean first = !closed;
            closed = true;
            while (!active.isEmpty()) {
                idle.awaitUninterruptibly();
            }
            return first;
        } finally {
            lock.unlock();
        }
    }
}
