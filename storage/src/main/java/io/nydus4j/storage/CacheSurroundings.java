package io.nydus4j.storage;

import io.nydus4j.storage.dedup.DedupStore;
import java.util.Optional;

/**
 * What a cache has to do with what is outside of it.
 *
 * @param dedup knows which chunks other blobs have, if there is such a thing
 * @param guest whether the folder may have another owner: one from which this process takes over, or that it only looks at
 */
public record CacheSurroundings(Optional<DedupStore> dedup, boolean guest) {
    /** Nothing. */
    public static final CacheSurroundings NONE = new CacheSurroundings(Optional.empty(), false);
}
