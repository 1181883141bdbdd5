package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.vfs.RequestTable;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.fuse.FuseReply;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.linux.fuse.PendingReply;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers changes that wait for data of the image, each on a virtual thread, so that no loop waits. Safe for use by several threads. */
final class LateChanges {
    private static final Logger LOG = System.getLogger(LateChanges.class.getName());

    private final RequestTable requests;
    private final AtomicInteger running = new AtomicInteger();

    LateChanges(RequestTable requests) {
        this.requests = requests;
    }

    /** What must be done before the answer, and may take its time. */
    @FunctionalInterface
    interface Preparation {
        /** Does it. */
        void run() throws IOException;
    }

    /** Answers; keeps nothing of the reply. */
    @FunctionalInterface
    interface Answer {
        /** Calls one ending method of the reply. */
        void to(FuseReply reply) throws IOException;
    }

    /** Puts a request aside, and answers it when it is prepared. */
    void start(FuseRequest request, FuseReply reply, Preparation preparation, Answer answer) {
        InflightRequest shown = new InflightRequest(
                request.nodeId(), request.opcode(), request.unique(), System.currentTimeMillis() / 1000);
        PendingReply pending = reply.detach();
        running.incrementAndGet();
        requests.add(shown);
        try {
            Thread.ofVirtual().name("nydus-copy-up").start(() -> {
                try {
                    preparation.run();
                    pending.complete(late -> answer(late, answer));
                } catch (IOException | RuntimeException e) {
                    LOG.log(Level.WARNING, "nothing was changed: {0}", e.getMessage());
                    pending.error(errno(e));
                } finally {
                    pending.error(Errno.EIO); // nothing, if the request has its answer
                    ended(shown);
                }
            });
        } catch (RuntimeException | Error e) {
            ended(shown);
            pending.error(Errno.EIO);
            throw e;
        }
    }

    private static void answer(FuseReply reply, Answer answer) {
        try {
            answer.to(reply);
        } catch (IOException e) {
            reply.error(errno(e));
        }
    }

    private static int errno(Exception cause) {
        return cause instanceof ErrnoException refused ? refused.errno() : Errno.EIO;
    }

    private void ended(InflightRequest request) {
        requests.remove(request);
        running.decrementAndGet();
    }

    /** Waits until every request has its answer; tells whether that came to be in time. */
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
}
