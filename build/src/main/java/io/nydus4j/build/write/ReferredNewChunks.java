package io.nydus4j.build.write;

import java.util.List;

/** Leaves new chunks in the archive that they come from. */
final class ReferredNewChunks implements NewChunks {
    @Override
    public void add(ChunkTask task, PendingChunk chunk, KnownChunk known) {
        task.steps().add(new Step.Leave(chunk, known));
    }

    @Override
    public void finish(List<Step> steps) {}
}
