package io.nydus4j.daemon.vfs;

import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.fuse.PendingReply;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Requests that are answered late, each on a virtual thread of its own, so that no loop waits. Safe for use by several threads. */
public final class LateRequests {
    private final String name;
    private final RequestTable requests;
    private final AtomicInteger running = new AtomicInteger();

    /**
     * Makes it without requests.
     *
     * @param name     of the threads
     * @param requests shows the requests meanwhile
     */
    public LateRequests(String name, RequestTable requests) {
        this.name = name;
        this.requests = requests;
    }

    /**
     * Works on a request.
     *
     * @param shown what the daemon tells of it meanwhile
     * @param reply fails with {@code EIO} if the work ends without an answer, or cannot begin
     * @param work  gives the answer
     */
    public void start(InflightRequest shown, PendingReply reply, Runnable work) {
        running.incrementAndGet();
        requests.add(shown);
        try {
            Thread.ofVirtual().name(name).start(() -> {
                try {
                    work.run();
                } finally {
                    end(shown, reply);
                }
            });
        } catch (Throwable e) {
            end(shown, reply);
            throw e;
        }
    }

    private void end(InflightRequest shown, PendingReply reply) {
        reply.error(Errno.EIO); // nothing, if the request has its answer
        requests.remove(shown);
        running.decrementAndGet();
    }

    /** Waits until every request has its answer; tells whether that came to be in time. */
    public boolean awaitIdle(Duration patience) throws InterruptedException {
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
