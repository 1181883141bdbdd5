package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.daemon.vfs.RequestTable;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.PendingReply;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

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
    private final RequestTable requests;
    private final ReadBuffers buffers;
    private final BrokenImageLog log;
    private final AtomicInteger running = new AtomicInteger();

    LateReader(LazyBlob[] blobs, int chunkSize, FileSystemCounters counters, FuseCommons commons, BrokenImageLog log) {
        this.blobs = blobs;
        this.chunkSize = chunkSize;
        this.counters = counters;
        this.requests = commons.requests();
        this.buffers = commons.buffers();
        this.log = log;
    }

    /** Answers a READ some time. */
    void read(LateRead read) {
        running.incrementAndGet();
        requests.add(read.shown());
        try {
            Thread.ofVirtual().name("nydus-read").start(() -> run(read));
        } catch (Throwable e) {
            ended(read.shown());
            read.reply().error(Errno.EIO);
            throw e;
        }
    }

    private void ended(InflightRequest request) {
        requests.remove(request);
        running.decrementAndGet();
    }

    /** Waits until every READ has its answer; tells whether that came to be in time. */
    boolean awaitIdle(Duration patience) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        while (running.get() > 0) {
            if (System.nanoTime() - deadline > 0) {
                return false;
            }
            TimeUnit.MILLISECONDS.sleep(1);
        }
        return true;
    }

    private void run(LateRead read) {
        PendingReply reply = read.reply();
        int length = read.length();
        long ino = read.inode().ino();
        try {
            ReadPieces plan = new ReadPieces();
            plan.plan(read.inode(), chunkSize, read.offset(), length);
            DataOrigin origin = isMapped(plan) ? sendMapped(reply, plan) : sendCopied(reply, plan, length);
            counters.read(ino, length, (System.nanoTime() - read.startNanos()) / 1000);
            read.traced(ReadSource.ofLate(origin));
        } catch (IOException e) {
            counters.readFailed(ino);
            read.traced(ReadSource.FAILED);
            log.failed("read of " + length + " bytes at " + read.offset(), ino, e);
            reply.error(Errno.EIO);
        } finally {
            reply.error(Errno.EIO); // nothing, if the request has its answer
            ended(read.shown());
        }
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
        DataOrigin origin = DataOrigin.READY;
        MemorySegment buffer = buffers.take(length);
        try {
            long place = 0;
            for (int i = 0; i < plan.count(); i++) {
                MemorySegment target = buffer.asSlice(place, plan.length(i));
                if (plan.blob(i) == ReadPieces.ZEROS) {
                    target.fill((byte) 0);
                } else {
                    origin = origin.and(blobs[plan.blob(i)].read(plan.offset(i), target.asByteBuffer()));
                }
                place += plan.length(i);
            }
            reply.data(buffer, 0, length);
            return origin;
        } finally {
            buffers.giveBack(buffer);
        }
    }
}
