package io.nydus4j.daemon;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Closes file systems that take no new requests when the last request under way is answered. Safe for use by several threads.
 *
 * <p>A request may wait for a network as long as its backend allows. Memory that it will use must not be freed before, so who closes
 * waits for a moment only and leaves the rest to a thread of its own.
 */
final class Retirement {
    private static final Logger LOG = System.getLogger(Retirement.class.getName());
    private static final Duration MOMENT = Duration.ofSeconds(1);
    private static final Duration LONG = Duration.ofMinutes(10);

    private final Set<Thread> waiting = ConcurrentHashMap.newKeySet();

    /** Closes a file system now, or some time soon. */
    void close(ServedFileSystem fileSystem) {
        if (closedWithin(fileSystem, MOMENT)) {
            return;
        }
        Thread thread = Thread.ofVirtual().name("nydus-retire").unstarted(() -> {
            if (!closedWithin(fileSystem, LONG)) {
                LOG.log(Level.WARNING, "{0} stays open: a reader never ended", fileSystem.record());
            }
            waiting.remove(Thread.currentThread());
        });
        waiting.add(thread);
        thread.start();
    }

    private static boolean closedWithin(ServedFileSystem fileSystem, Duration patience) {
        try {
            if (!fileSystem.awaitIdle(patience)) {
                return false;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
        fileSystem.close();
        return true;
    }

    /** Waits a moment for what is not closed yet; the end of the process does the rest. */
    void awaitAll() {
        try {
            for (Thread thread : waiting) {
                thread.join(MOMENT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
