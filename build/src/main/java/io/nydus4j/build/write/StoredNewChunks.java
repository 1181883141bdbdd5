package io.nydus4j.build.write;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** Stores new chunks: each for itself, or the only chunks of small files together in batches. */
final class StoredNewChunks implements NewChunks {
    private final int batchSize;
    private int batchCount;
    private @Nullable Batch batch;

    /**
     * Starts a blob.
     *
     * @param batchSize plain bytes up to which small files are compressed together; 0 for not
     */
    StoredNewChunks(int batchSize) {
        this.batchSize = batchSize;
    }

    @Override
    public void add(ChunkTask task, PendingChunk chunk, KnownChunk known) {
        List<Step> steps = task.steps();
        boolean joins = chunk.node.chunks().length == 1 && chunk.length < batchSize / 2;
        Batch open = batch;
        if (open != null && (!joins || open.length() + chunk.length >= batchSize)) {
            steps.add(new Step.Flush(open));
            open = null;
        }
        if (joins) {
            if (open == null) {
                open = new Batch();
                batchCount++;
            }
            int offset = open.add(task.plain(chunk));
            steps.add(new Step.Join(chunk, known, batchCount - 1, offset));
        } else {
            steps.add(new Step.Store(chunk, known));
        }
        batch = open;
    }

    @Override
    public void finish(List<Step> steps) {
        Batch open = batch;
        if (open != null) {
            steps.add(new Step.Flush(open));
            batch = null;
        }
    }
}
