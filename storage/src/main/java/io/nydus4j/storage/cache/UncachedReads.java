package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.DataOrigin;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;

/** Reads a blob that has a cache file without it, when there is no room for more in it. Safe for use by several threads. */
final class UncachedReads {
    private final BlobInfo info;
    private final long size;
    private final boolean validate;
    private final DecodeWorkers workers;
    private final UnitReader reader;
    private final CacheCounters counters;
    /** What it keeps goes when memory is short. */
    private volatile SoftReference<Made> made = new SoftReference<>(null);

    /** A blob in memory, and what it knows of chunks. It is never closed, for it owns nothing that could be. */
    private record Made(KnownChunks chunks, MemoryBlob blob) {}

    /**
     * Makes an object that holds nothing before it is used.
     *
     * @param workers stay the caller's
     */
    UncachedReads(
            BlobInfo info,
            long size,
            boolean validate,
            DecodeWorkers workers,
            UnitReader reader,
            CacheCounters counters) {
        this.info = info;
        this.size = size;
        this.validate = validate;
        this.workers = workers;
        this.reader = reader;
        this.counters = counters;
    }

    /** Fills {@code target} with the bytes at {@code offset}. Blocks on the network. */
    DataOrigin read(KnownChunks chunks, long offset, ByteBuffer target) throws IOException {
        Made current = made.get();
        if (current == null || !current.chunks().equals(chunks)) {
            MemoryBlob blob =
                    new MemoryBlob(info, size, chunks.index(), chunks.checks(), workers, reader, validate, counters);
            current = new Made(chunks, blob);
            made = new SoftReference<>(current);
        }
        return current.blob().read(offset, target);
    }
}
