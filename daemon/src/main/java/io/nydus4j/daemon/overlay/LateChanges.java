package io.nydus4j.daemon.overlay;

import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.vfs.LateRequests;
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

/** Answers changes that wait for data of the image, each on a virtual thread, so that no loop waits. Safe for use by several threads. */
final class LateChanges {
    private static final Logger LOG = System.getLogger(LateChanges.class.getName());

    private final LateRequests requests;

    LateChanges(RequestTable table) {
        requests = new LateRequests("nydus-copy-up", table);
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
        requests.start(shown, pending, () -> {
            try {
                preparation.run();
                pending.complete(late -> answer(late, answer));
            } catch (IOException | RuntimeException e) {
                LOG.log(Level.WARNING, "nothing was changed: {0}", e.getMessage());
                pending.error(errno(e));
            }
        });
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

    /** Waits until every request has its answer; tells whether that came to be in time. */
    boolean awaitIdle(Duration patience) throws InterruptedException {
        return requests.awaitIdle(patience);
    }
}
