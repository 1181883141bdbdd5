package io.nydus4j.build.write;

import java.util.List;

/** What becomes of chunks that are new to the image. Calls come one after the other, in the order of the chunks. */
interface NewChunks {
    /**
     * Adds the steps for a chunk, which has its index and its place among the uncompressed ones, to its task.
     *
     * @param known what later chunks of the same content refer to
     */
    void add(ChunkTask task, PendingChunk chunk, KnownChunk known);

    /** Adds the last steps, when nothing more comes. */
    void finish(List<Step> steps);
}
