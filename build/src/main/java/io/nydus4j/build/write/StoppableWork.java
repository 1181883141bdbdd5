package io.nydus4j.build.write;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Work that must clean up after itself when the process is told to end: it is interrupted then, and the process waits until it is closed,
 * for some seconds. Started and closed by the thread that works.
 */
public final class StoppableWork implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(StoppableWork.class.getName());

    /** Work that cannot be interrupted, as on a dead network file system, does not hold up the end longer. */
    private static final int MOST_SECONDS = 30;

    private final Thread worker = Thread.currentThread();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook = new Thread(this::stop, "stop-work");

    private StoppableWork() {}

    /**
     * Starts work.
     *
     * @throws IOException if the process is ending
     */
    public static StoppableWork start() throws IOException {
        StoppableWork work = new StoppableWork();
        try {
            Runtime.getRuntime().addShutdownHook(work.hook);
        } catch (IllegalStateException e) {
            throw new IOException("interrupted", e);
        }
        return work;
    }

    private void stop() {
        worker.interrupt();
        try {
            if (!ended.await(MOST_SECONDS, TimeUnit.SECONDS)) {
                LOG.log(System.Logger.Level.WARNING, "unfinished work stays behind: it could not be stopped");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says that the work is done or has cleaned up after itself. */
    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // It runs, and goes on now.
        }
    }
}
