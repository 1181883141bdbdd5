package io.nydus4j.build.write;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Chunks of other blobs, which a build refers to instead of storing them again. Calls come one after the other, in the order of the chunks. */
@FunctionalInterface
public interface ChunkDictionary {
    /** Knows no chunk. */
    ChunkDictionary NONE = (_, _) -> null;

    /**
     * Looks up a chunk.
     *
     * @param digest digest of its plain bytes
     * @param length plain bytes
     * @return its record with the index of its blob in the image being built, whatever its file offset; null if it is unknown
     * @throws IOException if the image cannot have its blob, see {@link BlobTable}
     */
    @Nullable
    ChunkRecord find(Digest digest, int length) throws IOException;
}
