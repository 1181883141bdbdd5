package io.nydus4j.build.write;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides in order what becomes of each chunk: new, repeated, or in another blob; numbers new ones and places them in the uncompressed
 * address space. Mirrors {@code Node::dump_file_chunk} of the reference. Calls come one after the other.
 */
final class ChunkSequencer {
    /** v6 has 24 bits for a chunk index, and keeps the last value. */
    private static final int MOST_CHUNKS = 0xFF_FFFF;

    private static final int ALIGNMENT = 4096;

    private final ChunkSettings settings;
    private final ChunkDictionary dictionary;
    private final BlobTable table;
    private final NewChunks newChunks;
    private final Map<Digest, KnownChunk> known = new HashMap<>();
    private int chunkCount;
    private long uncompressedSize;

    private long repeatedChunks;
    private long repeatedBytes;
    private long storedBytes;

    /**
     * Starts a blob.
     *
     * @param dictionary chunks that need not be stored
     * @param table      gives the index of the blob
     */
    ChunkSequencer(ChunkSettings settings, ChunkDictionary dictionary, BlobTable table) {
        this.settings = settings;
        this.dictionary = dictionary;
        this.table = table;
        this.newChunks = settings.features().has(BlobFeatures.SEPARATE)
                ? new ReferredNewChunks()
                : new StoredNewChunks(settings.batchSize());
    }

    /**
     * Decides on the chunks of a task, whose data has been read, and sets its steps.
     *
     * @throws IOException if there are too many chunks or blobs
     */
    void decide(ChunkTask task) throws IOException {
        List<Step> steps = task.steps();
        for (PendingChunk chunk : task.chunks()) {
            ChunkRecord elsewhere = dictionary.find(chunk.digest, chunk.length);
            KnownChunk hit = elsewhere == null ? known.get(chunk.digest) : null;
            if (elsewhere != null) {
                steps.add(new Step.Refer(chunk, elsewhere));
                countRepeated(chunk);
            } else if (hit != null && hit.length() == chunk.length) {
                steps.add(new Step.Repeat(chunk, hit));
                countRepeated(chunk);
            } else {
                KnownChunk added = new KnownChunk(chunk.length);
                known.putIfAbsent(chunk.digest, added);
                place(chunk);
                newChunks.add(task, chunk, added);
            }
        }
    }

    private void countRepeated(PendingChunk chunk) {
        if (chunk.node.linkCount() == 1) {
            repeatedChunks++;
            repeatedBytes += chunk.length;
        }
    }

    private void place(PendingChunk chunk) throws IOException {
        if (chunkCount >= MOST_CHUNKS) {
            throw new IOException("the blob has more than " + MOST_CHUNKS + " chunks, choose a larger chunk size");
        }
        chunk.blobIndex = table.newBlobIndex();
        chunk.index = chunkCount++;
        chunk.uncompressedOffset = uncompressedSize;
        uncompressedSize += settings.aligned() ? Math.ceilDiv(chunk.length, ALIGNMENT) * ALIGNMENT : chunk.length;
        storedBytes += chunk.length;
    }

    /** Adds the last steps, when nothing more comes. */
    void finish(List<Step> steps) {
        newChunks.finish(steps);
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
