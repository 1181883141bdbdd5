package io.nydus4j.build.write;

import io.nydus4j.build.source.FileReader;
import io.nydus4j.build.source.Workers;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.ZeroMemory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Supplier;

/**
 * The threads and buffers that turn file data into chunks of a blob: workers, which read, digest, compress and encrypt, and one thread that
 * feeds the blob's SHA-256. Somebody else fills the tasks of its {@link TaskFlow} and calls {@link #writeAll}.
 */
final class ChunkStore implements AutoCloseable {
    /** Plain bytes of a task, unless a chunk is larger. */
    private static final int TASK_SIZE = 1 << 20;
    /** Most pieces of files in one task, so that a task of tiny files does not take much longer than one of large files. */
    static final int MOST_PIECES = 512;
    /** Bound for the buffers of all tasks, in bytes. */
    private static final long MEMORY = 96 << 20;

    /** Each buffer starts at a multiple of this, in bytes. */
    private static final int PAGE = 4096;

    private static final int FEWEST_TASKS = 2;
    private static final int TASKS_PER_WORKER = 3;

    private final ChunkSettings settings;
    private final int threads;
    private final BlobWriter blob;
    private final ChunkSequencer sequencer;
    private final ChunkRecorder recorder;
    private final TaskFlow flow;

    private final Arena arena = Arena.ofShared();
    private final Workers workers = new Workers();
    private final Workers digester = new Workers();
    /** Tasks that are written and wait for being digested. */
    private final BlockingQueue<ChunkTask> undigested = new LinkedBlockingQueue<>();
    /** Ends that queue. */
    private final ChunkTask end = new ChunkTask(arena.allocate(0), arena.allocate(0));

    /**
     * Makes a store whose threads do not run yet.
     *
     * @param settings   how files become chunks
     * @param threads    number of workers, at least 1
     * @param blob       takes the stored chunks
     * @param dictionary chunks that need not be stored
     * @param table      gives blob indexes
     * @param files      files that workers read; without them a stream fills the tasks
     */
    ChunkStore(
            ChunkSettings settings,
            int threads,
            BlobWriter blob,
            ChunkDictionary dictionary,
            BlobTable table,
            Optional<FileQueue> files) {
        this.settings = settings;
        this.threads = threads;
        this.blob = blob;
        this.sequencer = new ChunkSequencer(settings, dictionary, table);
        this.recorder = new ChunkRecorder(settings);
        this.flow = new TaskFlow(files, sequencer);
    }

    TaskFlow flow() {
        return flow;
    }

    /**
     * Makes the buffers and starts the threads.
     *
     * @param totalBytes plain bytes that will come at most, so that a small blob takes small memory
     * @param readers    opens a reader for each worker
     * @throws ErrnoException if there is no memory for the buffers
     */
    void start(long totalBytes, Supplier<? extends FileReader> readers) throws ErrnoException {
        int plainSize = Math.max(TASK_SIZE, settings.chunkSize());
        int mostUnits = MOST_PIECES + plainSize / settings.chunkSize();
        long packedSize = Math.ceilDiv(ChunkWorker.packedRoom(settings, plainSize, mostUnits), PAGE) * PAGE;
        long most = Math.max(FEWEST_TASKS, MEMORY / (plainSize + packedSize));
        long wanted = Math.min((long) threads * TASKS_PER_WORKER + 2, totalBytes / plainSize + 2);
        // All of them together, so that they come in huge pages.
        MemorySegment buffers = ZeroMemory.allocate(arena, Math.min(most, wanted) * (plainSize + packedSize));
        for (long place = 0; place < buffers.byteSize(); place += plainSize + packedSize) {
            flow.release(
                    new ChunkTask(buffers.asSlice(place, plainSize), buffers.asSlice(place + plainSize, packedSize)));
        }
        digester.start("blob-digest", this::digestAll);
        for (int i = 0; i < threads; i++) {
            workers.start("chunks-" + i, () -> work(readers));
        }
    }

    private void work(Supplier<? extends FileReader> readers) {
        try (FileReader reader = readers.get()) {
            ChunkWorker worker = new ChunkWorker(settings);
            for (ChunkTask task = flow.takeWork(); task != null; task = flow.takeWork()) {
                if (task.read) {
                    worker.pack(task);
                    flow.packed(task);
                } else {
                    worker.read(task, reader);
                    flow.read(task);
                }
            }
        } catch (Throwable e) {
            flow.fail(e);
        }
    }

    private void digestAll() {
        try {
            for (ChunkTask task = undigested.take(); task != end; task = undigested.take()) {
                blob.digest(task.packed());
                flow.release(task);
            }
        } catch (Throwable e) {
            flow.fail(e);
        }
    }

    /**
     * Writes and records tasks in order until there are no more.
     *
     * @param totalBytes plain bytes in all, -1 if nobody knows
     * @param progress   hears how many plain bytes are through
     */
    void writeAll(long totalBytes, StoreProgress progress) throws IOException, InterruptedException {
        long done = 0;
        for (ChunkTask task = flow.takePacked(); task != null; task = flow.takePacked()) {
            recorder.record(task.steps());
            blob.write(task.packed());
            writePlain(task);
            done += task.plainLength();
            undigested.add(task);
            progress.stored(done, totalBytes);
        }
    }

    private void writePlain(ChunkTask task) throws IOException {
        if (!blob.wantsPlain()) {
            return;
        }
        for (Step step : task.steps()) {
            switch (step) {
                case Step.Store store -> writePlain(task, store.chunk());
                case Step.Join join -> writePlain(task, join.chunk());
                case Step.Leave leave -> writePlain(task, leave.chunk());
                case Step.Repeat _, Step.Refer _, Step.Flush _ -> {} // nothing new
            }
        }
    }

    private void writePlain(ChunkTask task, PendingChunk chunk) throws IOException {
        blob.writePlain(chunk.uncompressedOffset, task.plain(chunk));
    }

    /** Ends the threads and stores what is left, when all tasks are written. */
    StoredChunks finish() throws IOException {
        undigested.add(end);
        digester.joinAnyway();
        flow.check();
        endThreads();
        ChunkTask last = new ChunkTask(arena.allocate(0), arena.allocate(ChunkWorker.packedRoom(settings, 0, 1)));
        sequencer.finish(last.steps());
        new ChunkWorker(settings).pack(last);
        recorder.record(last.steps());
        blob.append(last.packed());
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

    private void endThreads() {
        flow.fail(new IllegalStateException("the blob is complete"));
        undigested.add(end);
        workers.joinAnyway();
        digester.joinAnyway();
    }

    /** Ends the threads, whatever they do, and frees the buffers. */
    @Override
    public void close() {
        endThreads();
        arena.close();
    }
}
