package io.nydus4j.build;

import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What {@link GenerateChunkDictionary} does.
 *
 * @param sources        bootstraps of images; the name of the folder that holds one is {@code name:tag}
 * @param database       path of the SQLite database that remembers what was learned, made if absent; {@code :memory:} for none
 * @param output         where the dictionary's bootstrap goes
 * @param blobs          where blobs with inlined metadata are; the caller closes it
 * @param prefetchPolicy whether the dictionary gets a prefetch table
 * @param prefetchHints  lines of the hint list, as bytes
 */
public record ChunkDictionaryOptions(
        List<Path> sources,
        String database,
        OutputPlace output,
        Optional<BlobBackend> blobs,
        PrefetchPolicy prefetchPolicy,
        List<byte[]> prefetchHints) {}
