package io.nydus4j.daemon.passthrough;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The files of the host that clients have open, by handle. Handles rise and are never used again; 0 is none. The kernel gives a handle
 * back when no request with it is under way. Safe for use by several threads.
 */
public final class OpenFiles implements AutoCloseable {
    private static final Logger LOG = System.getLogger(OpenFiles.class.getName());

    private final ConcurrentMap<Long, Descriptor> files = new ConcurrentHashMap<>();
    private final AtomicLong next;

    /**
     * Makes a table.
     *
     * @param first the first handle, at least 1; one that no predecessor gave
     */
    public OpenFiles(long first) {
        next = new AtomicLong(first);
    }

    /** What is done with an open file. */
    @FunctionalInterface
    public interface Use<T> {
        /** Does it; the file stays the caller's. */
        T with(Descriptor file) throws IOException;
    }

    /** Keeps a file until {@link #release}; returns its handle. */
    public long add(Descriptor file) {
        long handle = next.getAndIncrement();
        files.put(handle, file);
        return handle;
    }

    /** Closes a file; a handle of a predecessor is none of ours. */
    public void release(long handle) {
        Descriptor file = files.remove(handle);
        if (file != null) {
            close(file);
        }
    }

    /**
     * Uses an open file, or the file opened anew where it has no handle, or one of a predecessor.
     *
     * @param handle 0 for none
     * @param place  the file
     * @param flags  how to open it, see {@link PlaceFiles#open}
     */
    public <T> T use(long handle, Descriptor place, int flags, Use<T> use) throws IOException {
        @Nullable Descriptor file = files.get(handle);
        if (file != null) {
            return use.with(file);
        }
        try (Descriptor opened = PlaceFiles.open(place, flags)) {
            return use.with(opened);
        }
    }

    private static void close(Descriptor file) {
        try {
            file.close();
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "a file of the host was not written well: {0}", e.getMessage());
        }
    }

    /** Closes all files; no request is under way. */
    @Override
    public void close() {
        files.values().forEach(OpenFiles::close);
        files.clear();
    }
}
