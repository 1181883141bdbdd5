package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.DataOrigin;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Fetches the chunks of a blob from its backend, those that no other blob's cache file has, and writes them to the cache file. Safe for use
 * by several threads.
 */
final class ChunkFetch {
    /** How often chunks that came damaged are asked for again. */
    private static final int DAMAGED_AGAIN = 2;
    /** Stored bytes of no use that are fetched rather than to ask once more. */
    private static final long GAP = 64 << 10;

    private static final Logger LOGGER = System.getLogger(ChunkFetch.class.getName());

    private final String blobId;
    private final UnitReader reader;
    private final ChunkFile file;
    private final PatientWrites writes;
    private final ChunkLedger ledger;
    private final @Nullable ChunkSharing sharing;
    private final CacheCounters counters;

    /**
     * Makes a fetch.
     *
     * @param blobId  names the blob in messages
     * @param reader  gives the chunks
     * @param file    takes them
     * @param writes  has them wait for it
     * @param ledger  is told what was written
     * @param sharing gives the chunks that other blobs have, if that is wanted
     */
    ChunkFetch(
            String blobId,
            UnitReader reader,
            ChunkFile file,
            PatientWrites writes,
            ChunkLedger ledger,
            @Nullable ChunkSharing sharing,
            CacheCounters counters) {
        this.blobId = blobId;
        this.reader = reader;
        this.file = file;
        this.writes = writes;
        this.ledger = ledger;
        this.sharing = sharing;
        this.counters = counters;
    }

    /**
     * Fetches the chunks of a flight. May block on the network. What fails for one chunk is noted in the flight.
     *
     * @throws IOException if the backend does not give the bytes, or there is no room for them
     */
    void fetch(KnownChunks chunks, Flight flight) throws IOException {
        writes.checkRoom();
        Receiver receiver = new Receiver(chunks, flight);
        if (sharing != null && takeShared(chunks, flight) > 0) {
            if (!receiver.wantsAnyOf(flight.first(), flight.needed())) {
                // Nobody waits for the rest, so nobody shall wait until it is fetched.
                return;
            }
            fetchMissing(chunks, flight, receiver);
        } else {
            request(chunks, flight, receiver, flight.first(), flight.last());
        }
        readDamagedAgain(chunks, flight, receiver);
        for (int position = flight.first(); position <= flight.last(); position++) {
            if (receiver.wants(position) && flight.failureOf(position) == null) {
                flight.fail(
                        position,
                        new IOException("chunk " + position + " of blob " + blobId + " could not be decoded"));
            }
        }
    }

    private int takeShared(KnownChunks chunks, Flight flight) throws IOException {
        return sharing == null
                ? 0
                : sharing.take(chunks, flight, position -> {
                    flight.cameFrom(DataOrigin.SHARED);
                    counters.chunksMadeReady(1);
                    ledger.written(chunks, position);
                    flight.landed();
                });
    }

    /** Fetches what is missing of a flight, with a request for each run of it. */
    private void fetchMissing(KnownChunks chunks, Flight flight, Receiver receiver) throws IOException {
        ChunkIndex index = chunks.index();
        int first = -1;
        int last = -1;
        long end = 0;
        for (int unit = flight.first(); unit <= flight.last(); unit = index.unitLast(unit) + 1) {
            if (!receiver.wantsAnyOf(unit, index.unitLast(unit))) {
                continue;
            }
            if (first >= 0 && index.unitOffset(unit) - end > GAP) {
                request(chunks, flight, receiver, first, last);
                first = -1;
            }
            first = first < 0 ? unit : first;
            last = index.unitLast(unit);
            end = index.unitOffset(unit) + index.unitStoredSize(unit);
        }
        if (first >= 0) {
            request(chunks, flight, receiver, first, last);
        }
    }

    /** Makes one request, for whole units. */
    private void request(KnownChunks chunks, Flight flight, Receiver receiver, int first, int last) throws IOException {
        ChunkIndex index = chunks.index();
        flight.cameFrom(DataOrigin.BACKEND);
        try {
            reader.read(index, chunks.checks(), first, last, receiver);
        } catch (BackendException e) {
            // The request may have failed for what came along with the chunks that somebody waits for.
            int needed = index.unitLast(flight.needed());
            if (e.retryable() || last <= needed) {
                throw e;
            }
            flight.fail(e);
            if (first <= needed) {
                LOGGER.log(Level.DEBUG, "A request failed, asking for less", e);
                reader.read(index, chunks.checks(), first, needed, receiver);
            }
        }
    }

    /** Asks again for chunks that came damaged: what went wrong on the way may go right the next time. */
    private void readDamagedAgain(KnownChunks chunks, Flight flight, Receiver receiver) throws IOException {
        ChunkIndex index = chunks.index();
        for (int again = 0; again < DAMAGED_AGAIN && flight.failed(); again++) {
            for (int position = flight.first(); position <= flight.last(); position = index.unitLast(position) + 1) {
                IOException failure = receiver.wants(position) ? flight.failureOf(position) : null;
                if (failure instanceof BlobDigestException || failure instanceof RafsFormatException) {
                    LOGGER.log(
                            Level.WARNING, "blob " + blobId + " came damaged, asking again: " + failure.getMessage());
                    reader.read(index, chunks.checks(), index.unitFirst(position), index.unitLast(position), receiver);
                }
            }
        }
    }

    /** Writes fetched chunks down. */
    private final class Receiver implements UnitReader.Receiver {
        private final KnownChunks chunks;
        private final Flight flight;

        private Receiver(KnownChunks chunks, Flight flight) {
            this.chunks = chunks;
            this.flight = flight;
        }

        @Override
        public boolean wants(int position) {
            return flight.claims(position) && !chunks.ready().get(position);
        }

        boolean wantsAnyOf(int first, int last) {
            for (int position = first; position <= last; position++) {
                if (wants(position)) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public void accept(int position, MemorySegment stored, MemorySegment plain) throws IOException {
            if (flight.kind() == Flight.Kind.PREFETCH) {
                file.write(chunks.index(), position, stored, plain);
            } else {
                writes.write(plain.byteSize(), () -> file.write(chunks.index(), position, stored, plain));
            }
            // Counted first: whoever sees it ready may ask for the count.
            counters.chunksMadeReady(1);
            ledger.written(chunks, position);
            flight.landed();
        }

        @Override
        public void fail(int position, IOException failure) {
            flight.fail(position, failure);
        }
    }
}
