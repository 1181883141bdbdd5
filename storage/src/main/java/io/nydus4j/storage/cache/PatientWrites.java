package io.nydus4j.storage.cache;

import io.nydus4j.storage.NoRoomException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Repeats writes to a cache file that fail, so that readers wait while the disk takes nothing: what fills it may go. Safe for use by
 * several threads.
 *
 * <p>The first write that fails begins an outage. When that has lasted for as long as patience goes, writes that fail are errors at
 * once, until one of at least the length of each that failed succeeds, or none has failed for as long.
 * While there is no room for as much on the disk, {@link #checkRoom} tells, so that nothing is fetched in vain.
 */
final class PatientWrites implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(PatientWrites.class.getName());
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final String blobId;
    private final long patienceNanos;
    private final LongSupplier freeBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition closing = lock.newCondition();
    private volatile boolean outage;

    // Guarded by the lock, and of use during an outage only, but for closed.
    private @Nullable IOException failure;
    private long since;
    private long lastFailure;
    private long longest;
    private boolean closed;

    /** A write that can be done again. */
    @FunctionalInterface
    interface Write {
        /**
         * Writes.
         *
         * @throws IOException if that fails
         */
        void run() throws IOException;
    }

    /**
     * Makes an object for one file.
     *
     * @param blobId    names the blob in messages
     * @param patience  how long an outage may last
     * @param freeBytes how much room there is on the disk
     */
    PatientWrites(String blobId, Duration patience, LongSupplier freeBytes) {
        this.blobId = blobId;
        this.patienceNanos = patience.toNanos();
        this.freeBytes = freeBytes;
    }

    /**
     * Writes. Blocks for as long as patience goes.
     *
     * @param length how many bytes
     * @throws NoRoomException if it cannot be done
     */
    void write(long length, Write write) throws IOException {
        while (true) {
            try {
                write.run();
                break;
            } catch (ClosedChannelException e) {
                throw e;
            } catch (IOException e) {
                if (!awaitNext(length, e)) {
                    throw new NoRoomException(blobId, e);
                }
            }
        }
        if (outage) {
            succeeded(length);
        }
    }

    /**
     * Checks that a write may succeed.
     *
     * @throws NoRoomException if patience has ended, and there is still no room for what failed
     */
    void checkRoom() throws NoRoomException {
        if (!outage) {
            return;
        }
        long free = freeBytes.getAsLong();
        IOException last;
        lock.lock();
        try {
            if (!outage || System.nanoTime() - since < patienceNanos || free >= longest) {
                return;
            }
            last = Objects.requireNonNull(failure);
        } finally {
            lock.unlock();
        }
        throw new NoRoomException(blobId, last);
    }

    /** Waits a moment; tells whether to try once more. */
    private boolean awaitNext(long length, IOException cause) {
        lock.lock();
        try {
            long now = System.nanoTime();
            if (!outage) {
                outage = true;
                since = now;
                longest = 0;
                LOGGER.log(
                        Level.WARNING,
                        "Cannot write to the cache of blob {0}, so its readers wait: {1}",
                        blobId,
                        cause.getMessage());
            }
            failure = cause;
            lastFailure = now;
            longest = Math.max(longest, length);
            long left = since + patienceNanos - now;
            if (closed || left <= 0) {
                return false;
            }
            long pause = Math.min(PAUSE_NANOS, left);
            while (pause > 0 && !closed) {
                pause = closing.awaitNanos(pause);
            }
            return !closed;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    private void succeeded(long length) {
        lock.lock();
        try {
            if (outage && (length >= longest || System.nanoTime() - lastFailure > patienceNanos)) {
                outage = false;
                LOGGER.log(Level.INFO, "The cache of blob {0} can be written to again", blobId);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Has those that wait fail. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            closing.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
