package io.nydus4j.storage.cache;

import io.nydus4j.storage.CacheCounters;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Reads chunks back from the cache file: to check those from an earlier run ahead of their first use, and to copy them out of a file that
 * is not mapped. Safe for use by several threads.
 */
final class KeptChunks {
    private static final Logger LOGGER = System.getLogger(KeptChunks.class.getName());

    private final long size;
    private final ChunkFile file;
    private final DecodeWorkers workers;
    private final ChunkLedger ledger;
    private final CacheCounters counters;

    /**
     * Makes a reader of a file's chunks.
     *
     * @param size    size of the uncompressed address space, in bytes
     * @param file    holds them
     * @param workers decode and check them
     * @param ledger  is told what was found
     */
    KeptChunks(long size, ChunkFile file, DecodeWorkers workers, ChunkLedger ledger, CacheCounters counters) {
        this.size = size;
        this.file = file;
        this.workers = workers;
        this.ledger = ledger;
        this.counters = counters;
    }

    /** Checks the chunks of a flight. Those that are not what they should be lose their bit, and are fetched next. */
    void check(KnownChunks chunks, Flight flight) throws IOException {
        DecodeWorker worker = workers.take();
        try (var _ = NativeBuffers.LOCAL.reserve(chunks.index().unitPlainSize(flight.first()))) {
            for (int position = flight.first(); position <= flight.last(); position++) {
                // One that was evicted since the flight was planned has no mark.
                if (ledger.isMarked(chunks, position) && check(chunks, position, worker)) {
                    flight.landed();
                }
            }
        } finally {
            workers.giveBack(worker);
        }
    }

    private boolean check(KnownChunks chunks, int position, DecodeWorker worker) {
        try {
            if (chunks.canCheck(position) || file.mapping().isEmpty()) {
                int index = chunks.index().indexInBlob(position);
                worker.check(chunks.checks(), index, file.read(chunks.index(), position, worker));
            }
            // Counted first: whoever sees it ready may ask for the count.
            counters.chunksKept(1);
            ledger.found(chunks, position);
            return true;
        } catch (IOException e) {
            if (ledger.hasMap()) {
                LOGGER.log(Level.WARNING, "The cache lost or damaged a chunk, fetching it again: {0}", e.getMessage());
            }
            ledger.lost(chunks, position);
            return false;
        }
    }

    /**
     * Copies a range, decoding and checking each chunk.
     *
     * @param offset start of the range, all of which is ready, in bytes
     * @param target is filled
     */
    void read(KnownChunks chunks, long offset, ByteBuffer target) throws IOException {
        ChunkIndex index = chunks.index();
        DecodeWorker worker = workers.take();
        try {
            long place = offset;
            while (target.hasRemaining()) {
                int position = index.floor(place);
                long inChunk = place - index.start(position);
                int count = (int) Math.min(target.remaining(), index.length(position) - inChunk);
                if (count <= 0) {
                    long next = position + 1 < index.size() ? index.start(position + 1) : size;
                    count = (int) Math.min(target.remaining(), next - place);
                    putZeros(target, count);
                } else {
                    MemorySegment plain = file.read(index, position, worker);
                    worker.check(chunks.checks(), index.indexInBlob(position), plain);
                    target.put(plain.asSlice(inChunk, count).asByteBuffer());
                }
                place += count;
            }
        } finally {
            workers.giveBack(worker);
        }
    }

    private static void putZeros(ByteBuffer target, int count) {
        for (int i = 0; i < count; i++) {
            target.put((byte) 0);
        }
    }
}
