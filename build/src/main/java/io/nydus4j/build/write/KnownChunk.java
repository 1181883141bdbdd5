package io.nydus4j.build.write;

import io.nydus4j.blob.ChunkRecord;
import org.jspecify.annotations.Nullable;

/**
 * A chunk that later ones of the same content refer to. Its record is known when it has been written; those that refer to it are recorded
 * later, so they find it.
 */
final class KnownChunk {
    private final int length;
    private @Nullable ChunkRecord record;

    /**
     * Makes one.
     *
     * @param length plain bytes
     */
    KnownChunk(int length) {
        this.length = length;
    }

    /** Returns the number of plain bytes. */
    int length() {
        return length;
    }

    void setRecord(ChunkRecord newRecord) {
        record = newRecord;
    }

    /** Returns the record of the chunk where it was first met. */
    ChunkRecord record() {
        ChunkRecord known = record;
        if (known == null) {
            throw new IllegalStateException("a chunk is referred to before it is recorded");
        }
        return known;
    }
}
