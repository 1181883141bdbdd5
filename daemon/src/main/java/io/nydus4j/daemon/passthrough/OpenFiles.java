package io.nydus4j.daemon.passthrough;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.fuse.FuseCopyRange;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The files of the host that clients have open, by handle, and what requests do with them. Handles rise and are never used again; 0 is none. The kernel gives a handle
 * back when no request with it is under way. Safe for use by several threads.
 */
public final class OpenFiles implements AutoCloseable {
    private static final Logger LOG = System.getLogger(OpenFiles.class.getName());

    /** Most that is copied for one request, in bytes. */
    private static final long MAX_COPY = 64L << 20;

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

    /** Answers a READ. */
    public void read(FuseRequest request, Descriptor place, FuseReply reply) throws IOException {
        use(request.handle(), place, OpenFlags.READ_ONLY, file -> {
            PlaceFiles.read(file, request.offset(), Integer.toUnsignedLong(request.size()), reply);
            return true;
        });
    }

    /** Answers a WRITE. */
    public void write(FuseRequest request, Descriptor place, FuseReply reply) throws IOException {
        reply.written(use(request.handle(), place, OpenFlags.WRITE_ONLY, file ->
                (int) file.writeSomeAt(request.offset(), request.data())));
    }

    /** Answers a FALLOCATE. */
    public void allocate(FuseRequest request, Descriptor place, FuseReply reply) throws IOException {
        use(request.handle(), place, OpenFlags.WRITE_ONLY, file -> {
            file.allocate(request.allocateMode(), request.offset(), request.rangeLength());
            return true;
        });
        reply.ok();
    }

    /** Answers a LSEEK. */
    public void seek(FuseRequest request, Descriptor place, FuseReply reply) throws IOException {
        reply.position(use(
                request.handle(), place, OpenFlags.READ_ONLY, file -> file.seek(request.offset(), request.whence())));
    }

    /** Answers a COPY_FILE_RANGE, by at most so much that loops come back soon. */
    public void copy(FuseCopyRange range, Descriptor source, Descriptor target, FuseReply reply) throws IOException {
        long length = Math.clamp(range.length(), 0, MAX_COPY);
        long copied = use(
                range.handle(),
                source,
                OpenFlags.READ_ONLY,
                from -> use(
                        range.targetHandle(),
                        target,
                        OpenFlags.WRITE_ONLY,
                        to -> from.copyTo(range.offset(), to, range.targetOffset(), length)));
        reply.written((int) copied);
    }

    /** Waits until a file is on the disk, as a FSYNC asks. */
    public void sync(FuseRequest request, Descriptor place) throws IOException {
        use(request.handle(), place, OpenFlags.READ_ONLY, file -> {
            PlaceFiles.sync(file, request);
            return true;
        });
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
