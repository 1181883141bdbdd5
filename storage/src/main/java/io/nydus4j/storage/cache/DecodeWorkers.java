package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayDeque;

/** The workers of one blob, kept for the next who needs one. Safe for use by several threads. */
final class DecodeWorkers implements AutoCloseable {
    private static final int MOST_IDLE = 4;

    private final BlobInfo blob;
    /** Guarded by this. */
    private final ArrayDeque<DecodeWorker> idle = new ArrayDeque<>();

    private boolean closed;

    DecodeWorkers(BlobInfo blob) {
        this.blob = blob;
    }

    /** Lends a worker. */
    DecodeWorker take() throws RafsFormatException {
        synchronized (this) {
            DecodeWorker worker = idle.pollFirst();
            if (worker != null) {
                return worker;
            }
        }
        return new DecodeWorker(blob);
    }

    /** Takes a worker back. */
    void giveBack(DecodeWorker worker) {
        worker.release();
        synchronized (this) {
            if (!closed && idle.size() < MOST_IDLE) {
                idle.addFirst(worker);
                return;
            }
        }
        worker.close();
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            idle.forEach(DecodeWorker::close);
            idle.clear();
        }
    }
}
