package io.nydus4j.daemon.erofs;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.LazyBlob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An image whose files have their content in a store. Safe for use by several threads. */
final class ImageObjects {
    private final Bootstrap bootstrap;
    private final List<? extends LazyBlob> blobs;
    private List<StoreObject> objects = List.of();
    /** Guarded by this, as is the flag. */
    private int users;

    private boolean closed;

    /**
     * Makes one.
     *
     * @param bootstrap its metadata, open until {@link #close} has returned, as are the blobs
     * @param blobs     its data by blob index
     */
    ImageObjects(Bootstrap bootstrap, List<? extends LazyBlob> blobs) {
        this.bootstrap = bootstrap;
        this.blobs = blobs;
    }

    Bootstrap bootstrap() {
        return bootstrap;
    }

    List<? extends LazyBlob> blobs() {
        return blobs;
    }

    /** Sets what was not whole when the image was added. To be called once, before others see this. */
    void setObjects(List<StoreObject> lacking) {
        objects = lacking;
    }

    /** Returns the objects that were not whole when the image was added. */
    List<StoreObject> objects() {
        return objects;
    }

    /** Tells whether all content is in the store for good. */
    boolean isKept() {
        return objects.stream().allMatch(StoreObject::isKept);
    }

    /** Keeps the image open for a use, until its end; null if it is closed. */
    synchronized @Nullable Use use() {
        if (closed) {
            return null;
        }
        users++;
        return this::unused;
    }

    private synchronized void unused() {
        users--;
        notifyAll();
    }

    /** A use of an image, until it is closed. */
    interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /** Permits no more uses, and waits for those under way. */
    synchronized void close() {
        closed = true;
        boolean interrupted = false;
        while (users > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
