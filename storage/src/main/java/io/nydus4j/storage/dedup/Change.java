package io.nydus4j.storage.dedup;

import java.util.function.Predicate;

/** A change of a {@link DedupDatabase}. */
sealed interface Change {
    /** A file holds a chunk. */
    record Add(String chunkId, ChunkPlace place) implements Change {}

    /** A file does not hold a chunk. */
    record Forget(String chunkId, String file) implements Change {}

    /** Some files are gone, with all their chunks. */
    record ForgetFiles(Predicate<String> gone) implements Change {}
}
