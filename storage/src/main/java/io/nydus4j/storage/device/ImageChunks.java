package io.nydus4j.storage.device;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.rafs.Bootstrap;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The chunks that an image names, by blob. They are read on a thread of their own, while their blobs wait for the network. For one
 * thread, which closes this before the image.
 */
final class ImageChunks implements AutoCloseable {
    private final FutureTask<List<List<ChunkRecord>>> reading;
    private final Thread thread;

    /** Starts to read the chunks of an image. */
    ImageChunks(Bootstrap bootstrap) {
        reading = new FutureTask<>(() -> read(bootstrap));
        thread = Thread.ofVirtual().name("nydus-chunks").start(reading);
    }

    private static List<List<ChunkRecord>> read(Bootstrap bootstrap) throws IOException {
        List<List<ChunkRecord>> chunks = new ArrayList<>();
        bootstrap.blobs().forEach(_ -> chunks.add(new ArrayList<>()));
        if (!bootstrap.superblock().tarfs()) {
            bootstrap.forEachChunk(chunk -> {
                if (chunk.blobIndex() >= 0 && chunk.blobIndex() < chunks.size()) {
                    chunks.get(chunk.blobIndex()).add(chunk);
                }
            });
        }
        return chunks;
    }

    /**
     * Returns the chunks of a blob, when they are read.
     *
     * @param blob blob index
     * @throws IOException if the image is broken
     */
    List<ChunkRecord> of(int blob) throws IOException {
        try {
            return reading.get().get(blob);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IOException(e);
            }
        }
    }

    /** Waits until nothing of the image is read any more. */
    @Override
    public void close() {
        ThreadEnd.await(thread);
    }
}
