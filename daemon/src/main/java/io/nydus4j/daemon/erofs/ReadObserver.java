package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.storage.LazyBlob;

/** Hears of what the kernel reads of blobs, as far as it asks before. Called by several threads; must not block. */
public interface ReadObserver {
    /** Hears nothing. */
    ReadObserver NONE = new ReadObserver() {
        @Override
        public boolean wantsAll() {
            return false;
        }

        @Override
        public Reading begin(LazyBlob blob, int thread, long offset, long length) {
            return _ -> {};
        }
    };

    /** A read that the kernel asks about. */
    @FunctionalInterface
    interface Reading {
        /** Hears where the bytes were, right before the answer. */
        void ended(ReadSource source);
    }

    /** Tells whether the kernel shall go on asking when it needs no more data. */
    boolean wantsAll();

    /**
     * Hears of a read.
     *
     * @param thread the thread that waits, 0 if this process cannot see it
     * @param offset start in the blob's uncompressed address space, in bytes
     * @param length bytes, at least 1
     */
    Reading begin(LazyBlob blob, int thread, long offset, long length);
}
