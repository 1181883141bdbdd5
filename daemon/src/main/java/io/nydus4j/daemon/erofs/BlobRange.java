package io.nydus4j.daemon.erofs;

import io.nydus4j.linux.fanotify.PreContentEvent;
import io.nydus4j.storage.LazyBlob;

/**
 * What a reader is about to read of a blob.
 *
 * @param start  where it starts, in bytes of the blob's uncompressed address space
 * @param length bytes, at least 0
 */
record BlobRange(long start, long length) {
    /** Returns the part of what an event tells that is inside a blob; the kernel's range may reach past the end. */
    static BlobRange of(PreContentEvent event, LazyBlob blob) {
        long start = Math.clamp(event.offset(), 0, blob.size());
        return new BlobRange(start, Math.min(Math.max(event.count(), 1), blob.size() - start));
    }

    /** Tells whether nothing of the blob is read. */
    boolean isEmpty() {
        return length == 0;
    }
}
