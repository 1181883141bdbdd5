package io.nydus4j.build.write;

import io.nydus4j.blob.Digest;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Decides in order what becomes of each chunk: new or repeated, alone or in a batch; numbers new ones and places them in the uncompressed
 * address space. Mirrors {@code Node::dump_file_chunk} of the reference. Calls come one after the other.
 */
final class ChunkSequencer {
    /** v6 has 24 bits for a chunk index, and keeps the last value. */
    private static final int MOST_CHUNKS = 0xFF_FFFF;

    private static final int ALIGNMENT = 4096;

    private final ChunkSettings settings;
    private final Map<Digest, KnownChunk> known = new HashMap<>();
    private int chunkCount;
    private long uncompressedSize;
    private int batchCount;
    private @Nullable Batch batch;

    private long repeatedChunks;
    private long repeatedBytes;
    private long storedBytes;

    ChunkSequencer(ChunkSettings settings) {
        this.settings = settings;
    }

    /**
     * Decides on the chunks of a task, whose data has been read, and sets its steps.
     *
     * @throws IOException if there are too many chunks
     */
    void decide(ChunkTask task) throws IOException {
        List<Step> steps = task.steps();
        for (PendingChunk chunk : task.chunks()) {
            KnownChunk hit = known.get(chunk.digest);
            if (hit != null && hit.length() == chunk.length) {
                steps.add(new Step.Repeat(chunk, hit));
                if (chunk.node.linkCount() == 1) {
                    repeatedChunks++;
                    repeatedBytes += chunk.length;
                }
            } else {
                KnownChunk added = new KnownChunk(chunk.length);
                known.putIfAbsent(chunk.digest, added);
                place(chunk);
                addNew(task, chunk, added);
            }
        }
    }

    private void place(PendingChunk chunk) throws IOException {
        if (chunkCount >= MOST_CHUNKS) {
            throw new IOException("the blob has more than " + MOST_CHUNKS + " chunks, choose a larger chunk size");
        }
        chunk.index = chunkCount++;
        chunk.uncompressedOffset = uncompressedSize;
        uncompressedSize += settings.aligned() ? Math.ceilDiv(chunk.length, ALIGNMENT) * ALIGNMENT : chunk.length;
        storedBytes += chunk.length;
    }

    private void addNew(ChunkTask task, PendingChunk chunk, KnownChunk added) {
        List<Step> steps = task.steps();
        boolean joins = chunk.node.chunks().length == 1 && chunk.length < settings.batchSize() / 2;
        Batch open = batch;
        if (open != null && (!joins || open.length() + chunk.length >= settings.batchSize())) {
            steps.add(new Step.Flush(open));
            open = null;
        }
        if (joins) {
            if (open == null) {
                open = new Batch();
                batchCount++;
            }
            int offset = open.add(task.plain(chunk));
            steps.add(new Step.Join(chunk, added, batchCount - 1, offset));
        } else {
            steps.add(new Step.Store(chunk, added));
        }
        batch = open;
    }

    /** Adds the last step: to store the batch that is still open. Called when nothing more comes. */
    void finish(List<Step> steps) {
        Batch open = batch;
        if (open != null) {
            steps.add(new Step.Flush(open));
            batch = null;
        }
    }

    /** Returns the number of new chunks. */
    int chunkCount() {
        return chunkCount;
    }

    /** Returns the size of the uncompressed address space in bytes. */
    long uncompressedSize() {
        return uncompressedSize;
    }

    /** Returns the number of chunks, of files with one name, that repeat one that is stored. */
    long repeatedChunks() {
        return repeatedChunks;
    }

    /** Returns the plain bytes of those. */
    long repeatedBytes() {
        return repeatedBytes;
    }

    /** Returns the plain bytes of the new chunks. */
    long storedBytes() {
        return storedBytes;
    }
}
