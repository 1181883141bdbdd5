package io.nydus4j.daemon.erofs;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Content that files of any number of images share, and that is not whole in the store yet, or was not. Safe for use by several threads. */
final class StoreObject {
    private final String name;
    private final long size;
    private final FileId id;
    private final List<ObjectSource> sources = new CopyOnWriteArrayList<>();
    /** What filling it came to, or will come to; null while nobody tried, or after it failed. Guarded by this. */
    private @Nullable CompletableFuture<Boolean> filling;

    private volatile boolean kept;

    /**
     * Makes one of what lies in the store.
     *
     * @param name name of its content
     * @param size in bytes
     * @param id   which file it is
     */
    StoreObject(String name, long size, FileId id) {
        this.name = name;
        this.size = size;
        this.id = id;
    }

    String name() {
        return name;
    }

    long size() {
        return size;
    }

    FileId id() {
        return id;
    }

    /** Returns the files of images that have this content. */
    List<ObjectSource> sources() {
        return sources;
    }

    /** Returns what filling it comes to: true once all bytes are there. Starts to fill it by {@code start}, unless that goes on or is done. */
    CompletableFuture<Boolean> demand(Consumer<CompletableFuture<Boolean>> start) {
        CompletableFuture<Boolean> mine;
        synchronized (this) {
            if (filling != null) {
                return filling;
            }
            mine = new CompletableFuture<>();
            filling = mine;
        }
        start.accept(mine);
        return mine;
    }

    /** Lets the next who asks try again. */
    synchronized void failed() {
        filling = null;
    }

    /** Tells whether it is being filled, or was. */
    synchronized boolean isDemanded() {
        return filling != null;
    }

    /** Tells whether all of it is on the disk and known to be: the kernel no longer asks. */
    boolean isKept() {
        return kept;
    }

    void setKept() {
        kept = true;
    }
}
