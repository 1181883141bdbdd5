package io.nydus4j.storage.budget;

import io.nydus4j.storage.BackendException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * Keeps the folder of a cache within a number of bytes on the disk.
 *
 * <p>Who is about to write reserves room. If there is none, whole blobs that nobody uses go first, those that were used longest ago
 * before others; then parts of the blobs in use, chosen as by a clock: a hand goes round over all of them and takes what nobody holds
 * and nobody used since it last came by. What is held at a moment is never taken. Who finds no room waits a moment for others to let go;
 * only if readers go on holding more than the budget, it is exceeded, rather than to fail one of them. Safe for use by several threads.
 */
public final class CacheBudget {
    private static final Logger LOGGER = System.getLogger(CacheBudget.class.getName());
    /** Part of the budget that is freed at a time, so that not every write has to. */
    private static final int MARGIN = 32;
    /** Rounds of the hand: one in which everything gets tired, one that takes, one for what was used meanwhile. */
    private static final int ROUNDS = 3;
    /** For how long a reader waits for others to let go of something, in milliseconds, before the budget is exceeded for it. */
    private static final long PATIENCE_MILLIS = 1000;

    private static final long PAUSE_MILLIS = 20;

    /** Held while data is taken away: who wants room has to wait for that anyway. Guards the fields below. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition written = lock.newCondition();
    private final Guard guard;
    private final IdleBlobs idle;
    private final List<BudgetedFile> files = new ArrayList<>();
    private long limit;
    private long reserved;
    /** How often a reservation was given back. */
    private long writes;
    /** Index of the file that the hand is in. */
    private int hand;

    private boolean overrunTold;
    private boolean sharedTold;
    /** Whether data could be taken away when it was last tried. */
    private boolean alone = true;

    /** Keeps other processes out of the folder. */
    @FunctionalInterface
    interface Guard {
        /** Runs something while no other process uses the folder; tells whether it did. */
        boolean whileAlone(Runnable action) throws IOException;
    }

    /**
     * Takes stock of a folder.
     *
     * @param limit bytes, at least 1
     * @param guard must let data be taken away
     */
    CacheBudget(Path folder, long limit, Guard guard) throws IOException {
        this.limit = limit;
        this.guard = guard;
        this.idle = new IdleBlobs(folder);
    }

    /** Returns what the folder may take, in bytes. */
    long limit() {
        lock.lock();
        try {
            return limit;
        } finally {
            lock.unlock();
        }
    }

    /** Lowers the limit, for another user of the folder who wants less. */
    void lower(long bytes) {
        lock.lock();
        try {
            limit = Math.min(limit, bytes);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Opens a data file, or shares it; makes it if there is none.
     *
     * @param path    the file
     * @param size    its length once it is complete, in bytes
     * @param aligned whether chunks in it start at whole blocks
     * @param member  the blob that uses it, told what to forget until it leaves
     */
    public BudgetedFile open(Path path, long size, boolean aligned, BudgetedFile.Member member) throws IOException {
        lock.lock();
        try {
            for (BudgetedFile file : files) {
                if (file.path().equals(path)) {
                    file.join(member);
                    return file;
                }
            }
            idle.removeIfSealed(path);
            BudgetedFile file = new BudgetedFile(this, path, size, aligned);
            idle.opened(path);
            files.add(file);
            file.join(member);
            return file;
        } finally {
            lock.unlock();
        }
    }

    /** Counts the files that a blob has beside its data. */
    void opened() {
        lock.lock();
        try {
            idle.measureBesideOrKeep();
        } finally {
            lock.unlock();
        }
    }

    void leave(BudgetedFile file, BooleanSupplier leaving) {
        lock.lock();
        try {
            if (leaving.getAsBoolean() && files.remove(file)) {
                file.measure();
                idle.closed(file.path(), file.usedBytes());
                file.close();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Reserves bytes, and frees as many if need be.
     *
     * @param must whether somebody waits for them; else nothing is taken away for them
     * @throws IOException if there is no room
     */
    void reserve(long bytes, boolean must) throws IOException {
        lock.lock();
        try {
            long wanted = usedBytes() + reserved + bytes;
            if (wanted > limit && !must) {
                throw new BackendException("cache", "prefetching", "there is no room in the cache's budget", false);
            }
            long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
            while (wanted > limit && !free(wanted - limit + limit / MARGIN)) {
                wanted = usedBytes() + reserved + bytes;
                if (wanted > limit && (!alone || bytes > limit || !awaitRoom(end))) {
                    tellOverrun();
                    break;
                }
                wanted = usedBytes() + reserved + bytes;
            }
            reserved += bytes;
        } finally {
            lock.unlock();
        }
    }

    /** Waits for others to finish what they write or read; tells whether it is worth trying again. */
    private boolean awaitRoom(long end) {
        try {
            long before = writes;
            long left = TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS);
            while (writes == before && left > 0) {
                left = written.awaitNanos(left);
            }
            return System.nanoTime() < end;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Gives a reservation back after the bytes were written. */
    void wrote(BudgetedFile file, long bytes) {
        lock.lock();
        try {
            reserved -= bytes;
            writes++;
            file.measure();
            written.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Returns what the folder takes on the disk, in bytes; the files beside the data as they were when a blob last opened or closed. */
    long usedBytes() {
        lock.lock();
        try {
            long used = idle.usedBytes();
            for (BudgetedFile file : files) {
                used += file.usedBytes();
            }
            return used;
        } finally {
            lock.unlock();
        }
    }

    /** Frees bytes; tells whether it could. */
    private boolean free(long bytes) {
        boolean[] freed = new boolean[1];
        try {
            alone = guard.whileAlone(() -> freed[0] = freeAlone(bytes));
        } catch (IOException e) {
            alone = false;
            LOGGER.log(Level.WARNING, "Cannot keep other processes out of a cache: " + e.getMessage());
        }
        return freed[0];
    }

    private boolean freeAlone(long bytes) {
        long left = bytes;
        while (left > 0 && !idle.isEmpty()) {
            left -= idle.removeOldest();
        }
        // The hand starts within a file, so each file ends once more often than there are rounds.
        for (int ends = 0; left > 0 && ends < ROUNDS * files.size() + 1; ) {
            BudgetedFile file = files.get(hand % files.size());
            if (file.isAtEnd()) {
                hand = (hand + 1) % files.size();
                ends++;
            } else {
                left -= file.evictNext();
            }
        }
        return left <= 0;
    }

    private void tellOverrun() {
        if (!alone && !sharedTold) {
            sharedTold = true;
            LOGGER.log(
                    Level.WARNING,
                    "another process uses the same cache, so that its budget of " + limit
                            + " bytes cannot be kept now");
        } else if (alone && !overrunTold) {
            overrunTold = true;
            LOGGER.log(
                    Level.WARNING,
                    "readers hold more of the cache than its budget of " + limit
                            + " bytes, which is exceeded for a moment");
        }
    }
}
