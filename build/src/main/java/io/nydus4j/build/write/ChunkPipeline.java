package io.nydus4j.build.write;

import io.nydus4j.build.source.Source;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.Optional;

/**
 * Stores the data of files that may be read in any order as chunks of a blob, in the order that the format asks for, on several threads.
 *
 * <p>The data goes through in tasks of about a megabyte. Workers read a task's files and digest its chunks, in any order; in order, it is
 * decided which chunks are new; workers compress those, in any order; in order, the calling thread writes them and records where they
 * are, and another thread feeds the blob's SHA-256. So the result does not depend on the number of workers, and memory does not grow with
 * the data: a worker takes up a new stretch of data only when a task is free, and prefers compressing to reading. {@link ChunkStream} does
 * the same for data that comes once and in order.
 */
public final class ChunkPipeline {
    private final Source source;
    private final ChunkSettings settings;
    private final int threads;
    private final BlobWriter blob;
    private final ChunkDictionary dictionary;
    private final BlobTable table;
    private final StoreProgress progress;

    /**
     * Makes a pipeline for one blob.
     *
     * @param source     gives the data
     * @param settings   how files become chunks
     * @param threads    number of workers, at least 1
     * @param blob       takes the stored chunks
     * @param dictionary chunks that need not be stored
     * @param table      gives blob indexes
     * @param progress   hears how many plain bytes are through, on the calling thread
     */
    public ChunkPipeline(
            Source source,
            ChunkSettings settings,
            int threads,
            BlobWriter blob,
            ChunkDictionary dictionary,
            BlobTable table,
            StoreProgress progress) {
        this.source = source;
        this.settings = settings;
        this.threads = threads;
        this.blob = blob;
        this.dictionary = dictionary;
        this.table = table;
        this.progress = progress;
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
        FileQueue files = new FileQueue(settings.chunkSize());
        files.add(prefetch, others);
        try (ChunkStore store = new ChunkStore(settings, threads, blob, dictionary, table, Optional.of(files))) {
            store.start(files.totalBytes(), source::openReader);
            store.writeAll(files.totalBytes(), progress);
            StoredChunks chunks = store.finish();
            files.finish();
            return chunks;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw TaskFlow.interrupted(e);
        }
    }
}
