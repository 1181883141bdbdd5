package io.nydus4j.build.write;

import io.nydus4j.blob.ChunkRecord;

/** What is to be done for a chunk, or between two; the steps of a blob have one order, which is part of the format. */
sealed interface Step {
    /** The chunk is stored for itself. */
    record Store(PendingChunk chunk, KnownChunk known) implements Step {}

    /**
     * The chunk waits in a batch, which is stored later.
     *
     * @param batchIndex    index of the batch
     * @param offsetInBatch start in the batch's plain bytes
     */
    record Join(PendingChunk chunk, KnownChunk known, int batchIndex, int offsetInBatch) implements Step {}

    /** The chunk refers to one that is stored already. */
    record Repeat(PendingChunk chunk, KnownChunk known) implements Step {}

    /** The chunk refers to one of another blob. */
    record Refer(PendingChunk chunk, ChunkRecord elsewhere) implements Step {}

    /** The chunk stays in the archive that it comes from. */
    record Leave(PendingChunk chunk, KnownChunk known) implements Step {}

    /** A batch is stored. */
    record Flush(Batch batch) implements Step {}
}
