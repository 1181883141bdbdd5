package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.CacheCounters;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Reads a run of chunks from a backend with one request, decodes and checks them. Safe for use by several threads; its calls block on the
 * network.
 */
final class UnitReader {
    /** Plain bytes from which on two threads decode. */
    private static final int WORTH_TWO_THREADS = 256 << 10;

    private final BlobInfo blob;
    private final PositionalSource source;
    private final DecodeWorkers workers;
    private final CacheCounters counters;

    /** Makes a reader of a blob's stored bytes. */
    UnitReader(BlobInfo blob, PositionalSource source, DecodeWorkers workers, CacheCounters counters) {
        this.blob = blob;
        this.source = source;
        this.workers = workers;
        this.counters = counters;
    }

    /** Takes chunks that were read. Called by up to two threads at once. */
    interface Receiver {
        /** Tells whether this chunk is wanted; others are left alone. */
        boolean wants(int position);

        /**
         * Takes a chunk that has passed its check.
         *
         * @param stored the stored bytes of its unit, valid during the call
         * @param plain  its plain bytes, valid during the call
         */
        void accept(int position, MemorySegment stored, MemorySegment plain) throws IOException;

        /** Takes the failure of a chunk: it could not be decoded, was not what it should be, or was not accepted. */
        void fail(int position, IOException failure);
    }

    /**
     * Reads chunks.
     *
     * @param first first chunk of a decoding unit
     * @param last  last chunk of a decoding unit
     * @throws IOException if the backend does not give the bytes
     */
    void read(ChunkIndex index, ChunkChecks checks, int first, int last, Receiver receiver) throws IOException {
        StoredRange range = StoredRange.of(index, first, last);
        long plainSize = 0;
        int largest = 0;
        for (int unit = first; unit <= last; unit = index.unitLast(unit) + 1) {
            largest = Math.max(largest, index.unitPlainSize(unit));
            plainSize += index.unitPlainSize(unit);
        }
        boolean split = plainSize >= WORTH_TWO_THREADS && index.unitLast(first) < last;
        try (var _ = NativeBuffers.SHARED.reserve(range.size() + (split ? 2L : 1L) * largest);
                NativeBuffers.Buffer buffer = NativeBuffers.SHARED.take(range.size())) {
            MemorySegment stored = buffer.bytes(range.size());
            fetch(range, stored.asByteBuffer());
            counters.buffered(range.size());
            try {
                Decoding decoding = new Decoding(index, checks, receiver, stored, range.offset());
                if (split) {
                    decoding.inTwoThreads(first, last, plainSize / 2);
                } else {
                    decoding.run(first, last);
                }
            } finally {
                counters.buffered(-range.size());
            }
        }
    }

    private void fetch(StoredRange range, ByteBuffer target) throws IOException {
        int read = source.readAt(range.offset(), target);
        if (read < range.size()) {
            throw new BackendException(
                    "blob " + blob.effectiveId(),
                    "bytes " + range.offset() + "-" + (range.offset() + range.size() - 1),
                    "it ends after " + (range.offset() + read) + " bytes",
                    false);
        }
        counters.fetched(read);
    }

    /** Decodes one request's bytes. */
    private final class Decoding {
        private final ChunkIndex index;
        private final ChunkChecks checks;
        private final Receiver receiver;
        private final MemorySegment stored;
        private final long storedOffset;

        private Decoding(
                ChunkIndex index, ChunkChecks checks, Receiver receiver, MemorySegment stored, long storedOffset) {
            this.index = index;
            this.checks = checks;
            this.receiver = receiver;
            this.stored = stored;
            this.storedOffset = storedOffset;
        }

        private void inTwoThreads(int first, int last, long halfSize) {
            int middle = first;
            long size = 0;
            while (size < halfSize && index.unitLast(middle) < last) {
                size += index.unitPlainSize(middle);
                middle = index.unitLast(middle) + 1;
            }
            int secondHalf = middle;
            Thread helper = Thread.ofVirtual().name("nydus-decode").start(() -> run(secondHalf, last));
            try {
                run(first, secondHalf - 1);
            } finally {
                ThreadEnd.await(helper);
            }
        }

        private void run(int first, int last) {
            DecodeWorker worker;
            try {
                worker = workers.take();
            } catch (IOException e) {
                failAll(first, last, e);
                return;
            }
            try {
                for (int unit = first; unit <= last; unit = index.unitLast(unit) + 1) {
                    decodeUnit(worker, unit, index.unitLast(unit));
                }
            } finally {
                workers.giveBack(worker);
            }
        }

        private void failAll(int first, int last, IOException failure) {
            for (int position = first; position <= last; position++) {
                if (receiver.wants(position)) {
                    receiver.fail(position, failure);
                }
            }
        }

        private void decodeUnit(DecodeWorker worker, int first, int last) {
            MemorySegment unitStored =
                    stored.asSlice(index.unitOffset(first) - storedOffset, index.unitStoredSize(first));
            MemorySegment unit = null;
            for (int position = first; position <= last; position++) {
                if (!receiver.wants(position)) {
                    continue;
                }
                if (unit == null) {
                    try {
                        unit = worker.decode(index, first, unitStored);
                    } catch (IOException e) {
                        failAll(position, last, e);
                        return;
                    }
                }
                try {
                    MemorySegment plain = unit.asSlice(index.offsetInUnit(position), index.length(position));
                    worker.check(checks, index.indexInBlob(position), plain);
                    receiver.accept(position, unitStored, plain);
                } catch (IOException e) {
                    receiver.fail(position, e);
                }
            }
        }
    }
}
