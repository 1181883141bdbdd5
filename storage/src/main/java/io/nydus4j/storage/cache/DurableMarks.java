package io.nydus4j.storage.cache;

import io.nydus4j.linux.ThreadEnd;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Sets bits of a chunk map once the bytes they stand for are on the disk, so that a crash of the machine leaves no bit without its data.
 *
 * <p>Bits are gathered for {@value #DELAY_MILLIS} ms, the file is forced once for all of them, and then they are set. A process that is
 * killed meanwhile leaves data without bits, which is fetched again. Marks that are kept nowhere are set at once. Safe for use by several
 * threads.
 *
 * <p>Where the file cannot be forced, the kernel may forget what it could not write, and tells so but once. So what was written since the
 * last time counts as lost, and what comes to be known until the next time as well: it may have been written before.
 */
final class DurableMarks implements AutoCloseable {
    /** For how long bits are gathered, in milliseconds. */
    private static final long DELAY_MILLIS = 300;

    private static final Logger LOGGER = System.getLogger(DurableMarks.class.getName());

    private final String blobId;
    private final ChunkMarks marks;
    private final ChunkFile file;

    /** Guards the fields below, and is held while bits change. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition closing = lock.newCondition();
    private BitSet written = new BitSet();
    /** What is being forced. */
    private BitSet forced = new BitSet();

    private boolean complete;
    private boolean distrusted;
    private boolean closed;
    private @Nullable Thread flusher;
    private volatile Consumer<BitSet> losses = lost -> {};

    /**
     * Makes marks without a bit that waits.
     *
     * @param blobId names the blob in messages
     * @param marks  the bits; closed by the caller after this
     * @param file   the bytes; likewise
     */
    DurableMarks(String blobId, ChunkMarks marks, ChunkFile file) {
        this.blobId = blobId;
        this.marks = marks;
        this.file = file;
    }

    /** Says who is told of chunks that were noted and may be lost; not under a lock. */
    void onLoss(Consumer<BitSet> listener) {
        losses = listener;
    }

    /** Notes that the file holds a chunk, whose bytes are written but need not be on the disk. */
    void set(int index) {
        if (!(marks instanceof ChunkMap)) {
            marks.set(index);
            return;
        }
        lock.lock();
        try {
            written.set(index);
            startFlusher();
        } finally {
            lock.unlock();
        }
    }

    /** Notes that the file does not hold a chunk. */
    void clear(int index) {
        lock.lock();
        try {
            written.clear(index);
            forced.clear(index);
            complete = false;
            marks.clear(index);
        } finally {
            lock.unlock();
        }
    }

    /** Notes that every chunk was found right; the chunk map says so as soon as all of them are on the disk. */
    void complete() {
        if (!(marks instanceof ChunkMap) || marks.isComplete()) {
            return;
        }
        lock.lock();
        try {
            complete = true;
            startFlusher();
        } finally {
            lock.unlock();
        }
    }

    /** Needs the lock. */
    private void startFlusher() {
        if (flusher == null && !closed) {
            flusher = Thread.ofVirtual().name("nydus-chunk-map").start(this::flushUntilDone);
        }
    }

    private void flushUntilDone() {
        while (true) {
            lock.lock();
            try {
                if (!closed) {
                    boolean _ = closing.await(DELAY_MILLIS, TimeUnit.MILLISECONDS);
                }
            } catch (InterruptedException e) {
                // Nobody has a reason to; and a thread that stays interrupted would close the file's channel.
            } finally {
                lock.unlock();
            }
            flush();
            lock.lock();
            try {
                if (written.isEmpty() && !complete) {
                    flusher = null;
                    return;
                }
            } finally {
                lock.unlock();
            }
        }
    }

    /** Forces the file, then sets the bits of what was written before. */
    private void flush() {
        boolean all;
        lock.lock();
        try {
            BitSet next = forced;
            forced = written;
            written = next;
            all = complete;
            complete = false;
        } finally {
            lock.unlock();
        }
        boolean failed = false;
        try {
            file.force();
        } catch (IOException e) {
            failed = true;
            LOGGER.log(
                    Level.WARNING,
                    "Blob " + blobId + " may not be on the disk, so what was written of it of late is fetched again: "
                            + e.getMessage());
        }
        losses.accept(settle(all, failed));
    }

    /** Sets the bits of what was forced; returns what counts as lost instead. */
    private BitSet settle(boolean all, boolean failed) {
        BitSet lost = new BitSet();
        lock.lock();
        try {
            if (failed || distrusted) {
                lost.or(forced);
                forced.clear();
            }
            if (failed) {
                lost.or(written);
                written.clear();
            }
            distrusted = failed;
            complete |= failed && all && lost.isEmpty(); // else it is found complete again
            forced.stream().forEach(marks::set);
            forced.clear();
            if (all && marks.isFull() && !marks.isComplete()) {
                marks.complete();
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "Cannot write down that blob " + blobId + " is complete", e);
        } finally {
            lock.unlock();
        }
        return lost;
    }

    /** Sets the bits that wait; nothing may be written any more. */
    @Override
    public void close() {
        Thread running;
        lock.lock();
        try {
            closed = true;
            closing.signalAll();
            running = flusher;
        } finally {
            lock.unlock();
        }
        if (running != null) {
            ThreadEnd.await(running);
        }
    }
}
