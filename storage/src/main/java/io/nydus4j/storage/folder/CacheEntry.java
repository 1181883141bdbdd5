package io.nydus4j.storage.folder;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;

/**
 * A blob in the folder of a cache.
 *
 * @param blobId    id of the blob
 * @param files     its files, all in one folder
 * @param sizeBytes length of its data file, holes counted
 * @param usedBytes what its files take on the disk
 * @param chunks    chunks that are marked as being there; empty if it has no chunk map
 * @param complete  whether all chunks are marked as being there for good
 * @param changed   when one of its files was last written to
 * @param problem   what is wrong with its chunk map; empty if nothing is
 */
public record CacheEntry(
        String blobId,
        List<Path> files,
        long sizeBytes,
        long usedBytes,
        OptionalInt chunks,
        boolean complete,
        Instant changed,
        String problem) {
    /** Copies the list. */
    public CacheEntry {
        files = List.copyOf(files);
    }
}
