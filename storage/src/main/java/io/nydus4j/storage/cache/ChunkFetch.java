package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.CacheCounters;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;

/** Fetches the chunks of a blob from its backend and writes them to the cache file. Safe for use by several threads. */
final class ChunkFetch {
    /** How often chunks that came damaged are asked for again. */
    private static final int DAMAGED_AGAIN = 2;

    private static final Logger LOGGER = System.getLogger(ChunkFetch.class.getName());

    private final String blobId;
    private final UnitReader reader;
    private final ChunkFile file;
    private final ChunkLedger ledger;
    private final CacheCounters counters;

    /**
     * Makes a fetch.
     *
     * @param blobId names the blob in messages
     * @param reader gives the chunks
     * @param file   takes them
     * @param ledger is told what was written
     */
    ChunkFetch(String blobId, UnitReader reader, ChunkFile file, ChunkLedger ledger, CacheCounters counters) {
        this.blobId = blobId;
        this.reader = reader;
        this.file = file;
        this.ledger = ledger;
        this.counters = counters;
    }

    /**
     * Fetches the chunks of a flight. May block on the network. What fails for one chunk is noted in the flight.
     *
     * @throws IOException if the backend does not give the bytes
     */
    void fetch(KnownChunks chunks, Flight flight) throws IOException {
        Receiver receiver = new Receiver(chunks, flight);
        ChunkIndex index = chunks.index();
        int first = flight.first();
        try {
            reader.read(index, chunks.checks(), first, flight.last(), receiver);
        } catch (BackendException e) {
            // The request may have failed for what came along with the chunks that somebody waits for.
            int last = index.unitLast(flight.needed());
            if (e.retryable() || last == flight.last()) {
                throw e;
            }
            flight.fail(e);
            LOGGER.log(Level.DEBUG, "A request failed, asking for less", e);
            reader.read(index, chunks.checks(), first, last, receiver);
        }
        readDamagedAgain(chunks, flight, receiver);
        for (int position = first; position <= flight.last(); position++) {
            if (receiver.wants(position) && flight.failureOf(position) == null) {
                flight.fail(
                        position,
                        new IOException("chunk " + position + " of blob " + blobId + " could not be decoded"));
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

        @Override
        public void accept(int position, MemorySegment stored, MemorySegment plain) throws IOException {
            file.write(chunks.index(), position, stored, plain);
            ledger.written(chunks, position);
            counters.chunksMadeReady(1);
        }

        @Override
        public void fail(int position, IOException failure) {
            flight.fail(position, failure);
        }
    }
}
