package io.nydus4j.build.write;

import io.nydus4j.build.source.FileReader;
import io.nydus4j.build.source.Source;
import io.nydus4j.build.source.Workers;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Stores the data of files as chunks of a blob, in the order that the format asks for, on several threads.
 *
 * <p>The data goes through in tasks of about a megabyte. Workers read a task's files and digest its chunks, in any order; in order, it is
 * decided which chunks are new; workers compress those, in any order; in order, the calling thread writes them and records where they
 * are, and another thread feeds the blob's SHA-256. So the result does not depend on the number of workers, and memory does not grow with
 * the data: a worker takes up a new stretch of data only when a task is free, and prefers compressing to reading.
 */
public final class ChunkPipeline {
    /** Plain bytes of a task, unless a chunk is larger. */
    private static final int TASK_SIZE = 1 << 20;
    /** Bound for the buffers of all tasks, in bytes. */
    private static final long MEMORY = 96 << 20;

    private static final int FEWEST_TASKS = 2;
    private static final int TASKS_PER_WORKER = 3;

    private final Source source;
    private final ChunkSettings settings;
    private final int threads;
    private final BlobWriter blob;
    private final StoreProgress progress;

    private final FileQueue files;
    private final ChunkSequencer sequencer;
    private final ChunkRecorder recorder;

    private final ReentrantLock lock = new ReentrantLock();
    /** Signalled when there may be something to do for a worker. */
    private final Condition work = lock.newCondition();
    /** Signalled when the oldest task may be packed. */
    private final Condition packed = lock.newCondition();

    // Guarded by lock.
    private final Deque<ChunkTask> free = new ArrayDeque<>();
    /** Tasks being read or waiting for an older one to be read, in order. */
    private final Deque<ChunkTask> undecided = new ArrayDeque<>();

    private final Deque<ChunkTask> unpacked = new ArrayDeque<>();
    /** All tasks on their way, in order. */
    private final Deque<ChunkTask> unwritten = new ArrayDeque<>();

    private boolean exhausted;
    private @Nullable Throwable failure;

    /** Tasks that are written and wait for being digested; an empty list of steps ends it. */
    private final BlockingQueue<ChunkTask> undigested = new LinkedBlockingQueue<>();

    /**
     * Makes a pipeline for one blob.
     *
     * @param source   gives the data
     * @param settings how files become chunks
     * @param threads  number of workers, at least 1
     * @param blob     takes the stored chunks
     * @param progress hears how many plain bytes are through, on the calling thread
     */
    public ChunkPipeline(Source source, ChunkSettings settings, int threads, BlobWriter blob, StoreProgress progress) {
        this.source = source;
        this.settings = settings;
        this.threads = threads;
        this.blob = blob;
        this.progress = progress;
        this.files = new FileQueue(settings.chunkSize());
        this.sequencer = new ChunkSequencer(settings);
        this.recorder = new ChunkRecorder(settings);
    }

    /**
     * Stores the data of the regular files among the nodes and gives them their chunks. To be called once.
     *
     * @param prefetch nodes whose data comes first
     * @param others   all others, in order
     * @throws InterruptedIOException if the calling thread is interrupted
     * @throws IOException            if a file cannot be read, or the blob cannot be written
     */
    public StoredChunks run(List<Node> prefetch, List<Node> others) throws IOException {
        files.add(prefetch, others);
        Workers workers = new Workers();
        Workers digester = new Workers();
        try (Arena arena = Arena.ofShared()) {
            ChunkTask end = new ChunkTask(arena.allocate(0), arena.allocate(0));
            digester.start("blob-digest", () -> digestAll(end));
            try {
                makeTasks(arena);
                for (int i = 0; i < threads; i++) {
                    workers.start("chunks-" + i, this::runWorker);
                }
                writeAll();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw interrupted(e);
            } finally {
                fail(new IllegalStateException("the pipeline has ended"));
                undigested.add(end);
                workers.joinAnyway();
                digester.joinAnyway();
            }
            storeLastBatch(arena);
        }
        files.finish();
        return new StoredChunks(
                sequencer.chunkCount(),
                recorder.storedSize(),
                sequencer.uncompressedSize(),
                recorder.prefetchSize(),
                recorder.chunkInfo(),
                recorder.digests(),
                sequencer.storedBytes(),
                sequencer.repeatedChunks(),
                sequencer.repeatedBytes());
    }

    private static InterruptedIOException interrupted(InterruptedException cause) {
        InterruptedIOException exception = new InterruptedIOException("interrupted");
        exception.initCause(cause);
        return exception;
    }

    private void makeTasks(Arena arena) {
        int plainSize = Math.max(TASK_SIZE, settings.chunkSize());
        int mostUnits = FileQueue.MOST_FILES + plainSize / settings.chunkSize();
        long packedSize = ChunkWorker.packedRoom(settings, plainSize, mostUnits);
        long most = Math.max(FEWEST_TASKS, MEMORY / (plainSize + packedSize));
        long wanted = Math.min((long) threads * TASKS_PER_WORKER + 2, files.totalBytes() / plainSize + 2);
        for (long i = 0; i < Math.min(most, wanted); i++) {
            free.add(new ChunkTask(arena.allocate(plainSize), arena.allocate(packedSize)));
        }
    }

    // Workers

    private void runWorker() {
        try (FileReader reader = source.openReader()) {
            ChunkWorker worker = new ChunkWorker(settings, reader);
            for (ChunkTask task = takeWork(); task != null; task = takeWork()) {
                if (task.read) {
                    worker.pack(task);
                    packed(task);
                } else {
                    worker.read(task);
                    read(task);
                }
            }
        } catch (Throwable e) {
            fail(e);
        }
    }

    /** Returns a task to pack if it has been read, else one to read; null if there is nothing left to do. */
    private @Nullable ChunkTask takeWork() {
        lock.lock();
        try {
            while (failure == null) {
                ChunkTask task = unpacked.poll();
                if (task == null) {
                    task = takeNewTask();
                }
                if (task != null) {
                    if (!unpacked.isEmpty() || !exhausted && !free.isEmpty()) {
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

    private @Nullable ChunkTask takeNewTask() {
        if (exhausted || free.isEmpty()) {
            return null;
        }
        ChunkTask task = free.poll();
        task.clear();
        if (!files.fill(task)) {
            exhausted = true;
            free.add(task);
            work.signalAll();
            packed.signal();
            return null;
        }
        undecided.add(task);
        unwritten.add(task);
        return task;
    }

    private void read(ChunkTask task) throws IOException {
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

    private void packed(ChunkTask task) {
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

    private void fail(Throwable cause) {
        lock.lock();
        try {
            if (failure == null) {
                failure = cause;
            }
            work.signalAll();
            packed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // The calling thread

    private void writeAll() throws IOException, InterruptedException {
        long done = 0;
        for (ChunkTask task = takePacked(); task != null; task = takePacked()) {
            recorder.record(task.steps());
            blob.write(task.packed());
            done += task.plainLength();
            undigested.add(task);
            progress.stored(done, files.totalBytes());
        }
    }

    /** Returns the oldest task when it is packed; null if there are no more. */
    private @Nullable ChunkTask takePacked() throws IOException, InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                if (failure != null) {
                    throw asIOException(failure);
                }
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

    private static IOException asIOException(Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> new IOException(cause);
        };
    }

    private void storeLastBatch(Arena arena) throws IOException {
        ChunkTask task = new ChunkTask(arena.allocate(0), arena.allocate(ChunkWorker.packedRoom(settings, 0, 1)));
        sequencer.finish(task.steps());
        try (FileReader reader = source.openReader()) {
            new ChunkWorker(settings, reader).pack(task);
        }
        recorder.record(task.steps());
        blob.append(task.packed());
    }

    // The thread that digests what is written

    private void digestAll(ChunkTask end) {
        try {
            for (ChunkTask task = undigested.take(); task != end; task = undigested.take()) {
                blob.digest(task.packed());
                lock.lock();
                try {
                    free.add(task);
                    work.signal();
                } finally {
                    lock.unlock();
                }
            }
        } catch (Throwable e) {
            fail(e);
        }
    }
}
