package io.nydus4j.daemon.fuse;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.trace.AccessTrace;
import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Answers READs of an image's files from the mapped files of its cache, at once; those whose bytes are not there, and only those, are put
 * aside for {@link LateReader}, so that no loop ever waits. Safe for use by several threads.
 */
final class CachedReader {
    private final LazyBlob[] blobs;
    private final @Nullable MemorySegment[] mappings;
    /** Whether data of a blob may go away while nobody holds it. */
    private final boolean evicting;

    private final int chunkSize;
    private final FileSystemCounters counters;
    private final CacheCounters cache;
    private final LateReader late;
    private volatile @Nullable AccessTrace trace;

    /**
     * Makes a reader.
     *
     * @param blobs     the image's data, by blob index; stays the caller's, open as long as the reader is used
     * @param chunkSize size of the image's chunks, in bytes
     * @param counters  count what is read
     * @param cache     counts what the cache answers
     * @param late      answers the others
     */
    CachedReader(LazyBlob[] blobs, int chunkSize, FileSystemCounters counters, CacheCounters cache, LateReader late) {
        this.blobs = blobs;
        this.mappings = new MemorySegment[blobs.length];
        for (int i = 0; i < mappings.length; i++) {
            mappings[i] = blobs[i].mapping().orElse(null);
        }
        this.evicting = Arrays.stream(blobs).anyMatch(LazyBlob::evicts);
        this.chunkSize = chunkSize;
        this.counters = counters;
        this.cache = cache;
        this.late = late;
    }

    /** Sets where reads are noted from now on; null to note them nowhere. */
    void trace(@Nullable AccessTrace tracing) {
        trace = tracing;
    }

    /**
     * Answers a READ, or has it answered late. Allocates nothing where data stays once it is there.
     *
     * @param start when the request came, in nanoseconds of {@link System#nanoTime}
     * @param plan  of the loop, to be filled
     * @throws IOException if the image is broken or the kernel does not take the answer; nothing is answered then
     */
    void read(Inode inode, long start, ReadPieces plan, FuseRequest request, FuseReply reply) throws IOException {
        long ino = inode.ino();
        long offset = request.offset();
        long size = Integer.toUnsignedLong(request.size());
        if (!inode.isRegular() || offset < 0 || offset > Long.MAX_VALUE - size) {
            counters.readFailed(ino);
            reply.error(Errno.EINVAL);
            return;
        }
        long available = Math.min(size, inode.size() - offset);
        if (available <= 0) {
            counters.read(ino, 0, 0);
            reply.send();
            return;
        }
        int length = (int) Math.min(available, Integer.MAX_VALUE);
        AccessTrace tracing = trace;
        String process = tracing == null ? "" : AccessTrace.processName(request.pid());
        plan.plan(inode, chunkSize, offset, length);
        List<Pin> held = holdReady(plan);
        if (held != null) {
            for (int i = 0; i < plan.count(); i++) {
                MemorySegment mapping = mappings[plan.blob(i)];
                if (mapping != null) { // always: it is ready
                    reply.append(mapping, plan.offset(i), plan.length(i));
                }
            }
            try {
                reply.send();
            } finally {
                held.forEach(Pin::close);
            }
            for (int i = 0; i < plan.count(); i++) {
                blobs[plan.blob(i)].readOn(plan.offset(i));
            }
            cache.hit(plan.count());
            counters.read(ino, length, (System.nanoTime() - start) / 1000);
            if (tracing != null) {
                tracing.read(request.pid(), process, ino, offset, length, ReadSource.CACHE, start);
            }
        } else {
            InflightRequest shown = new InflightRequest(
                    request.nodeId(), request.opcode(), request.unique(), System.currentTimeMillis() / 1000);
            late.read(
                    new LateRead(reply.detach(), shown, request.pid(), process, inode, offset, length, start, tracing));
        }
    }

    /** Returns what holds all pieces, if they can go to the kernel as they are, at once; null if they cannot. */
    private @Nullable List<Pin> holdReady(ReadPieces plan) throws RafsFormatException {
        if (!canSend(plan)) {
            return null;
        }
        if (!evicting) {
            return areReady(plan) ? List.of() : null;
        }
        List<Pin> held = new ArrayList<>(plan.count());
        for (int i = 0; i < plan.count(); i++) {
            Pin pin = blobs[plan.blob(i)].pinIfReady(plan.offset(i), plan.length(i));
            if (pin == null) {
                held.forEach(Pin::close);
                return null;
            }
            held.add(pin);
        }
        return held;
    }

    private boolean areReady(ReadPieces plan) {
        for (int i = 0; i < plan.count(); i++) {
            if (!blobs[plan.blob(i)].isReady(plan.offset(i), plan.length(i))) {
                return false;
            }
        }
        return true;
    }

    /** Tells whether all pieces are in mapped files, and few enough. */
    private boolean canSend(ReadPieces plan) throws RafsFormatException {
        if (plan.count() > FuseReply.MAX_PIECES) {
            return false;
        }
        for (int i = 0; i < plan.count(); i++) {
            int blob = plan.blob(i);
            if (blob == ReadPieces.ZEROS) {
                return false;
            }
            if (blob < 0 || blob >= blobs.length) {
                throw new RafsFormatException("chunk", -1, "there is no blob " + blob + " of " + blobs.length);
            }
            if (mappings[blob] == null) {
                return false;
            }
        }
        return true;
    }
}
