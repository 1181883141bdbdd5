package io.nydus4j.build.write;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.build.source.FileReader;
import io.nydus4j.build.source.Workers;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stores the data of files that comes once and in order, as that of an archive's members, as chunks of a blob.
 *
 * <p>The thread that reads the archive adds the files; it waits when all buffers are full. Everything else happens meanwhile on other
 * threads, as in {@link ChunkPipeline}, with the same result. {@link #close} without {@link #finish} gives up the blob. For use by one
 * thread.
 */
public final class ChunkStream implements AutoCloseable {
    /** Most chunks of one file. */
    private static final int MOST_CHUNKS = 1 << 24;

    private final int chunkSize;
    private final Optional<ChunkPlaces> places;
    private final ChunkStore store;
    private final Workers writer = new Workers();
    private @Nullable ChunkTask current;

    /**
     * Starts the threads of a blob.
     *
     * @param settings   how files become chunks
     * @param threads    number of workers, at least 1
     * @param blob       takes the stored chunks
     * @param dictionary chunks that need not be stored
     * @param table      gives blob indexes
     * @param progress   hears how many plain bytes are through, on another thread; the total is -1
     * @throws ErrnoException if there is no memory for its buffers
     */
    public ChunkStream(
            ChunkSettings settings,
            int threads,
            BlobWriter blob,
            ChunkDictionary dictionary,
            BlobTable table,
            StoreProgress progress)
            throws ErrnoException {
        this(settings, threads, blob, dictionary, table, Optional.empty(), progress);
    }

    /**
     * Starts the threads of a blob whose chunks may stay in their archive.
     *
     * @param places tells where chunks lie in the archive; needed exactly if {@code settings} have {@link BlobFeatures#SEPARATE}
     * @throws ErrnoException if there is no memory for its buffers
     */
    public ChunkStream(
            ChunkSettings settings,
            int threads,
            BlobWriter blob,
            ChunkDictionary dictionary,
            BlobTable table,
            Optional<ChunkPlaces> places,
            StoreProgress progress)
            throws ErrnoException {
        this.chunkSize = settings.chunkSize();
        this.places = places;
        this.store = new ChunkStore(settings, threads, blob, dictionary, table, Optional.empty());
        store.start(Long.MAX_VALUE, NoFiles::new);
        writer.start("blob-write", () -> write(progress));
    }

    private void write(StoreProgress progress) {
        try {
            store.writeAll(-1, progress);
        } catch (Throwable e) {
            store.flow().fail(e);
        }
    }

    /**
     * Stores the data of a file and gives it an array of chunks, which is filled by {@link #finish}. Other names of the file may share the
     * array at once.
     *
     * @param file regular file, whose size says how much data comes
     * @param data gives the data
     * @throws InterruptedIOException if the calling thread is interrupted
     * @throws IOException            if there is too little data, if reading it fails, or if storing this or an earlier file has failed
     */
    public void add(Node file, FileData data) throws IOException {
        long size = file.size();
        long count = Math.ceilDiv(size, (long) chunkSize);
        if (count > MOST_CHUNKS) {
            throw new IOException(path(file) + ": file size 0x" + Long.toHexString(size) + " is too big");
        }
        file.setChunks(new ChunkRecord[(int) count]);
        for (int position = 0; position < count; position++) {
            long start = (long) position * chunkSize;
            int length = (int) Math.min(chunkSize, size - start);
            ChunkTask task = taskFor(length);
            PendingChunk chunk = task.addChunk(file, position, length, false);
            if (places.isPresent()) {
                places.get().beginChunk(chunkSize);
            }
            fill(file, start, data, task.plain(chunk));
            if (places.isPresent()) {
                chunk.place = places.get().endChunk();
            }
        }
    }

    private ChunkTask taskFor(int length) throws IOException {
        ChunkTask open = current;
        if (open != null && open.room() >= length && open.chunks().size() < ChunkStore.MOST_PIECES) {
            return open;
        }
        if (open != null) {
            store.flow().submit(open);
            current = null;
        }
        try {
            ChunkTask task = store.flow().takeFree();
            current = task;
            return task;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw TaskFlow.interrupted(e);
        }
    }

    private static void fill(Node file, long start, FileData data, MemorySegment target) throws IOException {
        long done = 0;
        while (done < target.byteSize()) {
            int count = data.read(target.asSlice(done));
            if (count < 0) {
                throw new IOException(
                        path(file) + ": its data ends after " + (start + done) + " of " + file.size() + " bytes");
            }
            done += count;
        }
    }

    private static String path(Node file) {
        return RawBytes.printable(file.path());
    }

    /**
     * Waits until all data is stored; then all chunks are known. To be called once.
     *
     * @throws InterruptedIOException if the calling thread is interrupted
     * @throws IOException            if storing has failed
     */
    public StoredChunks finish() throws IOException {
        ChunkTask last = current;
        if (last != null) {
            store.flow().submit(last);
            current = null;
        }
        store.flow().end();
        try {
            writer.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw TaskFlow.interrupted(e);
        }
        store.flow().check();
        StoredChunks chunks = store.finish();
        places.ifPresent(known -> known.addContexts(chunks.chunkInfo()));
        return chunks;
    }

    /** Ends all threads. */
    @Override
    public void close() {
        store.flow().fail(new IllegalStateException("the stream of chunks has ended"));
        writer.joinAnyway();
        store.close();
    }

    /** Reads nothing: the data is there already. */
    private static final class NoFiles implements FileReader {
        @Override
        public void read(Node file, long offset, MemorySegment target) {
            throw new IllegalStateException("a stream's data cannot be read again");
        }

        @Override
        public void close() {}
    }
}
