package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.metrics.EventLog;
import io.nydus4j.storage.BackendException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/** Says why a request was answered by {@code EIO}, the same thing once a second at most. Safe for use by several threads. */
final class BrokenImageLog {
    private static final Logger LOG = System.getLogger("io.nydus4j.daemon.fuse");
    private static final long QUIET_NANOS = 1_000_000_000L;

    private final String mountPoint;
    private final EventLog events;

    /** Guarded by this. */
    private String last = "";

    private long lastNanos;

    BrokenImageLog(String mountPoint, EventLog events) {
        this.mountPoint = mountPoint;
        this.events = events;
    }

    /**
     * Says what failed.
     *
     * @param operation such as {@code "read of 4096 bytes at 0"}
     * @param ino       number of the inode in the image
     */
    void failed(String operation, long ino, IOException cause) {
        String text = mountPoint + ": " + operation + " of inode " + Long.toUnsignedString(ino) + " failed: "
                + cause.getMessage();
        if (cause instanceof BackendException) {
            events.add(text);
        }
        if (isNew(text)) {
            LOG.log(Level.ERROR, text);
        }
    }

    private synchronized boolean isNew(String text) {
        long now = System.nanoTime();
        if (text.equals(last) && now - lastNanos < QUIET_NANOS) {
            return false;
        }
        last = text;
        lastNanos = now;
        return true;
    }
}
