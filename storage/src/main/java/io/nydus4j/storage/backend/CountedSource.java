package io.nydus4j.storage.backend;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;

/** Counts each read of another source. */
record CountedSource(PositionalSource source, BackendCounters counters) implements PositionalSource {
    @Override
    public long size() throws IOException {
        return source.size();
    }

    @Override
    public int readAt(long position, ByteBuffer target) throws IOException {
        int requested = target.remaining();
        long start = System.nanoTime();
        boolean failed = true;
        try {
            int read = source.readAt(position, target);
            failed = false;
            return read;
        } finally {
            counters.record(requested, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start), failed);
        }
    }
}
