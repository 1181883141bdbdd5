package io.nydus4j.storage.cache;

import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes ranges of a blob ready: plans what is missing as {@link Flight}s, runs those, and waits for them and for those of others. Safe for
 * use by several threads.
 *
 * <p>Flights run on virtual threads of their own: an interrupt of a caller does not hit the file's channel.
 */
final class BlobFiller {
    private final String blobId;
    private final ChunkLedger ledger;
    private final KeptChunks kept;
    private final ChunkFetch fetch;
    private final @Nullable Evictions evictions;
    private final CacheCounters counters;
    private final Flights flights = new Flights();

    /**
     * Makes a filler.
     *
     * @param blobId    names the blob in messages
     * @param ledger    knows what is ready
     * @param kept      makes chunks ready that the file seems to hold
     * @param fetch     makes all others ready
     * @param evictions keeps what flights work on, if the cache is under a budget
     * @param counters  is told of what readers demand
     */
    BlobFiller(
            String blobId,
            ChunkLedger ledger,
            KeptChunks kept,
            ChunkFetch fetch,
            @Nullable Evictions evictions,
            CacheCounters counters) {
        this.blobId = blobId;
        this.ledger = ledger;
        this.kept = kept;
        this.fetch = fetch;
        this.evictions = evictions;
        this.counters = counters;
    }

    /**
     * Makes a range ready. May block on the network. Who waits for nothing but what others began, as what is read ahead, counts as served
     * by the cache: what is counted does not hang on who is faster.
     *
     * @param offset start, in bytes; the range is inside the blob
     * @param length bytes, at least 1
     * @param window how far requests may grow
     * @param kind   {@link Flight.Kind#DEMAND} or {@link Flight.Kind#PREFETCH}
     * @return where the bytes were, the farthest of them
     */
    DataOrigin fill(long offset, long length, FetchWindow window, Flight.Kind kind) throws IOException {
        DataOrigin origin = DataOrigin.READY;
        boolean counted = kind != Flight.Kind.DEMAND;
        while (true) {
            KnownChunks chunks = ledger.known();
            int first = chunks.index().firstEndingAfter(offset);
            int last = chunks.index().floor(offset + length - 1);
            Flights.Next next = flights.next(new View(chunks), first, last, window, kind);
            if (!next.own().isEmpty() && !ledger.isCurrent(chunks)) {
                // What is known may have changed before the flights began, but not after.
                next.begun().forEach(flights::end);
                continue;
            }
            if (!counted) {
                count(next);
                counted = true;
            }
            if (!next.own().isEmpty()) {
                run(chunks, next.begun());
                for (Flight flight : next.own()) {
                    flight.await(chunks.ready(), first, last);
                    origin = origin.and(flight.origin());
                    throwFailure(chunks, flight, first, last);
                }
            } else if (next.awaited() != null) {
                next.awaited().await(chunks.ready(), first, last);
                origin = origin.and(next.awaited().origin());
                if (next.awaited().kind() != Flight.Kind.PREFETCH || kind == Flight.Kind.PREFETCH) {
                    throwFailure(chunks, next.awaited(), first, last);
                }
            } else {
                return origin;
            }
        }
    }

    /**
     * Makes more ready ahead of a reader who has come to what was made ready ahead last, if that is so. Returns at once.
     *
     * @param offset what is read, in bytes
     * @param window how far requests may grow
     */
    void readOn(long offset, FetchWindow window) {
        if (flights.reaches(offset)) {
            Thread.ofVirtual().name("nydus-ahead").start(() -> fillAhead(window));
        }
    }

    private void fillAhead(FetchWindow window) {
        KnownChunks chunks = ledger.known();
        List<Flight> begun = flights.goOn(new View(chunks), window);
        if (ledger.isCurrent(chunks)) {
            run(chunks, begun);
        } else {
            begun.forEach(flights::end);
        }
    }

    private void count(Flights.Next next) {
        if (next.own().isEmpty()) {
            counters.hit();
        } else {
            counters.miss();
        }
    }

    /** Throws what went wrong for the chunks that the flight was begun for; who needs one that came along asks for it again. */
    private static void throwFailure(KnownChunks chunks, Flight flight, int first, int last) throws IOException {
        if (!flight.failed()) {
            return;
        }
        int upTo = Math.min(last, flight.needed());
        for (int position = Math.max(first, flight.first()); position <= upTo; position++) {
            if (flight.claims(position) && !chunks.ready().get(position)) {
                IOException failure = flight.failureOf(position);
                if (failure != null) {
                    throw failure;
                }
            }
        }
    }

    private void run(KnownChunks chunks, List<Flight> begun) {
        int started = 0;
        try {
            for (Flight flight : begun) {
                Thread.ofVirtual().name("nydus-fetch").start(() -> run(chunks, flight));
                started++;
            }
        } catch (Throwable e) {
            for (Flight flight : begun.subList(started, begun.size())) {
                flight.fail(new IOException("blob " + blobId + ": cannot start a thread: " + e, e));
                flights.end(flight);
            }
            throw e;
        }
    }

    private void run(KnownChunks chunks, Flight flight) {
        try (Pin _ = evictions == null ? Pin.NONE : evictions.hold(chunks.index(), flight)) {
            switch (flight.kind()) {
                case CHECK -> kept.check(chunks, flight);
                case DEMAND, AHEAD, PREFETCH -> fetch.fetch(chunks, flight);
            }
        } catch (IOException e) {
            flight.fail(e);
        } catch (RuntimeException | Error e) {
            flight.fail(new IOException("blob " + blobId + ": fetching failed: " + e, e));
            throw e;
        } finally {
            flights.end(flight);
        }
    }

    /** Waits until no flight is under way, and runs something before the next one begins. */
    void whileIdle(Runnable action) {
        flights.whileIdle(action);
    }

    /**
     * Lets no flight begin any more, and waits for the end of those under way.
     *
     * @return whether this was the first call
     */
    boolean close() {
        return flights.close();
    }

    /** What flights are planned by, at one moment. */
    private final class View implements Flights.Chunks {
        private final KnownChunks chunks;

        private View(KnownChunks chunks) {
            this.chunks = chunks;
        }

        @Override
        public ChunkIndex index() {
            return chunks.index();
        }

        @Override
        public boolean isReady(int position) {
            return chunks.ready().get(position);
        }

        /** What cannot be checked counts only by a map that is right after a crash of the machine, too: a hole may outlive its bit. */
        @Override
        public boolean isKept(int position) {
            return ledger.isMarked(chunks, position)
                    && (ledger.hasMap() && evictions == null || chunks.canCheck(position));
        }

        @Override
        public boolean canCheck(int position) {
            return chunks.canCheck(position);
        }
    }
}
