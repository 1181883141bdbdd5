package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.daemon.vfs.LateRequests;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.PendingReply;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.NoRoomException;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Answers READs whose data must be fetched or decoded first, each on a virtual thread.
 *
 * <p>Data of mapped blobs goes from the mapping to the kernel. That of other blobs, and answers of too many pieces, is gathered in
 * one of the daemon's buffers; a reader waits for one before it fetches.
 */
final class LateReader {
    private final LazyBlob[] blobs;
    private final int chunkSize;
    private final FileSystemCounters counters;
    private final LateRequests requests;
    private final ReadBuffers buffers;
    private final BrokenImageLog log;

    LateReader(LazyBlob[] blobs, int chunkSize, FileSystemCounters counters, FuseCommons commons, BrokenImageLog log) {
        this.blobs = blobs;
        this.chunkSize = chunkSize;
        this.counters = counters;
        this.requests = new LateRequests("nydus-read", commons.requests());
        this.buffers = commons.buffers();
        this.log = log;
    }

    /** Answers a READ some time. */
    void read(LateRead read) {
        requests.start(read.shown(), read.reply(), () -> run(read));
    }

    /** Waits until every READ has its answer; tells whether that came to be in time. */
    boolean awaitIdle(Duration patience) throws InterruptedException {
        return requests.awaitIdle(patience);
    }

    private void run(LateRead read) {
        PendingReply reply = read.reply();
        int length = read.length();
        long ino = read.inode().ino();
        try {
            ReadPieces plan = new ReadPieces();
            plan.plan(read.inode(), chunkSize, read.offset(), length);
            DataOrigin origin = send(reply, plan, length);
            counters.read(ino, length, (System.nanoTime() - read.startNanos()) / 1000);
            read.traced(ReadSource.ofLate(origin));
        } catch (IOException e) {
            counters.readFailed(ino);
            read.traced(ReadSource.FAILED);
            log.failed("read of " + length + " bytes at " + read.offset(), ino, e);
            reply.error(Errno.EIO);
        }
    }

    private DataOrigin send(PendingReply reply, ReadPieces plan, int length) throws IOException {
        if (isMapped(plan)) {
            try {
                return sendMapped(reply, plan);
            } catch (NoRoomException e) {
                // Thrown before anything is sent; the data may go to the kernel without resting in the cache.
            }
        }
        return sendCopied(reply, plan, length);
    }

    private boolean isMapped(ReadPieces plan) {
        for (int i = 0; i < plan.count(); i++) {
            if (plan.blob(i) == ReadPieces.ZEROS
                    || blobs[plan.blob(i)].mapping().isEmpty()) {
                return false;
            }
        }
        return plan.count() <= FuseReply.MAX_PIECES;
    }

    private DataOrigin sendMapped(PendingReply reply, ReadPieces plan) throws IOException {
        DataOrigin origin = DataOrigin.READY;
        List<Pin> pins = new ArrayList<>(plan.count());
        try {
            for (int i = 0; i < plan.count(); i++) {
                Pin pin = blobs[plan.blob(i)].ensure(plan.offset(i), plan.length(i));
                pins.add(pin);
                origin = origin.and(pin.origin());
            }
            reply.complete(answer -> {
                for (int i = 0; i < plan.count(); i++) {
                    MemorySegment mapping = blobs[plan.blob(i)].mapping().orElseThrow();
                    answer.append(mapping, plan.offset(i), plan.length(i));
                }
                answer.send();
            });
            return origin;
        } finally {
            for (Pin pin : pins) {
                pin.close();
            }
        }
    }

    private DataOrigin sendCopied(PendingReply reply, ReadPieces plan, int length) throws IOException {
        MemorySegment buffer = buffers.take(length);
        try {
            DataOrigin origin = plan.gather(blobs, buffer);
            reply.data(buffer, 0, length);
            return origin;
        } finally {
            buffers.giveBack(buffer);
        }
    }
}
