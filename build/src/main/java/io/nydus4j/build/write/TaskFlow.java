package io.nydus4j.build.write;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The tasks of a blob on their way from hand to hand, and who may take which: the order is kept, and there are never more than were given
 * at the start. Safe for use by several threads.
 *
 * <p>A task is filled (by a worker from the queue of files, or by the thread that reads a stream), read and digested by any worker, decided
 * on in order, packed by any worker, written in order, and free again when it is released. The first failure ends the flow: workers get
 * nothing more to do, and the others that wait get the failure.
 */
final class TaskFlow {
    private final Optional<FileQueue> files;
    private final ChunkSequencer sequencer;

    private final ReentrantLock lock = new ReentrantLock();
    /** Signalled when there may be something to do for a worker. */
    private final Condition work = lock.newCondition();
    /** Signalled when the oldest task may be packed. */
    private final Condition packed = lock.newCondition();
    /** Signalled when a task may be free for a stream. */
    private final Condition released = lock.newCondition();

    // Guarded by lock.
    private final Deque<ChunkTask> free = new ArrayDeque<>();
    /** Tasks that a stream has filled, and that nobody digests yet. */
    private final Deque<ChunkTask> filled = new ArrayDeque<>();
    /** Tasks being read or waiting for an older one to be read, in order. */
    private final Deque<ChunkTask> undecided = new ArrayDeque<>();

    private final Deque<ChunkTask> unpacked = new ArrayDeque<>();
    /** All tasks on their way, in order. */
    private final Deque<ChunkTask> unwritten = new ArrayDeque<>();

    private boolean exhausted;
    private @Nullable Throwable failure;

    /**
     * Makes a flow without tasks.
     *
     * @param files     files that workers read; without them a stream fills the tasks
     * @param sequencer decides on tasks in order
     */
    TaskFlow(Optional<FileQueue> files, ChunkSequencer sequencer) {
        this.files = files;
        this.sequencer = sequencer;
    }

    /** Gives the flow a task that is free, a new one or one that is through. */
    void release(ChunkTask task) {
        lock.lock();
        try {
            free.add(task);
            work.signal();
            released.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Ends the flow; only the first cause is kept. */
    void fail(Throwable cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            work.signalAll();
            packed.signalAll();
            released.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** Throws the failure if there is one. */
    void check() throws IOException {
        lock.lock();
        try {
            throwFailure();
        } finally {
            lock.unlock();
        }
    }

    private void throwFailure() throws IOException {
        switch (failure) {
            case null -> {}
            case InterruptedException e -> throw interrupted(e);
            case IOException e -> throw e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IOException(failure);
        }
    }

    /** Makes what is thrown when the calling thread has been interrupted. */
    static InterruptedIOException interrupted(InterruptedException cause) {
        InterruptedIOException exception = new InterruptedIOException("interrupted");
        exception.initCause(cause);
        return exception;
    }

    // The thread that reads a stream

    /** Returns an empty task to be filled, when there is one. */
    ChunkTask takeFree() throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                throwFailure();
                ChunkTask task = free.poll();
                if (task != null) {
                    task.clear();
                    return task;
                }
                released.await();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes over a task that has been filled. Their order is that of the chunks. */
    void submit(ChunkTask task) {
        lock.lock();
        try {
            undecided.add(task);
            unwritten.add(task);
            filled.add(task);
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Says that no more tasks are submitted. */
    void end() {
        lock.lock();
        try {
            setExhausted();
        } finally {
            lock.unlock();
        }
    }

    private void setExhausted() {
        exhausted = true;
        work.signalAll();
        packed.signal();
    }

    // Workers

    /** Returns a task to pack if it has been read, else one to read; null if there is nothing left to do. */
    @Nullable
    ChunkTask takeWork() {
        lock.lock();
        try {
            while (failure == null) {
                ChunkTask task = unpacked.poll();
                if (task == null) {
                    task = takeUnread();
                }
                if (task != null) {
                    if (hasMoreWork()) {
                        work.signal();
                    }
                    return task;
                }
                if (exhausted && undecided.isEmpty()) {
                    return null;
                }
                work.awaitUninterruptibly();
            }
            return null;
        } finally {
            lock.unlock();
        }
    }

    private boolean hasMoreWork() {
        return !unpacked.isEmpty() || !filled.isEmpty() || files.isPresent() && !exhausted && !free.isEmpty();
    }

    private @Nullable ChunkTask takeUnread() {
        if (files.isEmpty()) {
            return filled.poll();
        }
        if (exhausted || free.isEmpty()) {
            return null;
        }
        ChunkTask task = free.poll();
        task.clear();
        if (!files.get().fill(task)) {
            free.add(task);
            setExhausted();
            return null;
        }
        undecided.add(task);
        unwritten.add(task);
        return task;
    }

    /**
     * Takes back a task whose data has been read and digested.
     *
     * @throws IOException if it has more chunks than the blob may have
     */
    void read(ChunkTask task) throws IOException {
        lock.lock();
        try {
            task.read = true;
            while (!undecided.isEmpty() && undecided.peek().read) {
                ChunkTask oldest = undecided.poll();
                sequencer.decide(oldest);
                unpacked.add(oldest);
                work.signal();
            }
            if (exhausted && undecided.isEmpty()) {
                work.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Takes back a task that has been packed. */
    void packed(ChunkTask task) {
        lock.lock();
        try {
            task.isPacked = true;
            if (unwritten.peek() == task) {
                packed.signal();
            }
        } finally {
            lock.unlock();
        }
    }

    // The thread that writes

    /** Returns the oldest task when it is packed; null if there are no more. */
    @Nullable
    ChunkTask takePacked() throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                throwFailure();
                ChunkTask oldest = unwritten.peek();
                if (oldest != null && oldest.isPacked) {
                    return unwritten.poll();
                }
                if (oldest == null && exhausted) {
                    return null;
                }
                packed.await();
            }
        } finally {
            lock.unlock();
        }
    }
}
