package io.nydus4j.build.write;

import io.nydus4j.blob.chunk.ChunkInfoWriter;
import java.io.IOException;

/** Tells where the chunks of an archive's files lie in the archive, for images whose data stays there. Calls come from the thread that reads it. */
public interface ChunkPlaces {
    /**
     * Says that the next plain byte of the archive is the first of a chunk.
     *
     * @param nominalSize bytes of a whole chunk, even if this one is shorter
     * @throws IOException if the archive cannot be read
     */
    void beginChunk(int nominalSize) throws IOException;

    /**
     * Says that all bytes of the chunk have been read.
     *
     * @return where they lie
     * @throws IOException if the archive cannot be read, or the chunk could not be found there again
     */
    ChunkPlace endChunk() throws IOException;

    /** Adds to the chunk information what is needed to decompress the chunks, when all chunks are there. */
    void addContexts(ChunkInfoWriter chunkInfo);
}
