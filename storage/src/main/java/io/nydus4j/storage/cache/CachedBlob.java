package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.util.List;

/** A lazy blob of this room, with what its front ends need not know. */
public sealed interface CachedBlob extends LazyBlob permits FileBlob, MemoryBlob, TarBlob {
    /**
     * Fetches a range before anybody needs it; does nothing for a cache that keeps nothing. May block on the network.
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param length bytes
     * @throws IOException if something cannot be fetched; the rest is there then, or not
     */
    void prefetch(long offset, long length) throws IOException;

    /**
     * Adds what another image knows of this blob.
     *
     * @param other   the other image's record of it
     * @param records its chunks, in any order
     * @throws IOException if the two images contradict each other
     */
    void learn(BlobInfo other, List<ChunkRecord> records) throws IOException;

    /**
     * Cuts the blob into runs of chunks.
     *
     * @param storedEnd where to end, in stored bytes from the start of the blob
     * @param batch     stored bytes of a run, about
     */
    List<ChunkSpan> spans(long storedEnd, int batch);

    /**
     * Returns the number of stored bytes of the chunks of a range.
     *
     * @param offset start in the uncompressed address space, in bytes
     * @param length bytes
     */
    long storedSize(long offset, long length);
}
