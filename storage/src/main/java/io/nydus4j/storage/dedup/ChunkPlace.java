package io.nydus4j.storage.dedup;

/**
 * A chunk's place in a cache file.
 *
 * @param file   path of the file, absolute
 * @param offset where the chunk's plain bytes start, in bytes; from a database, so it may be any number
 */
public record ChunkPlace(String file, long offset) {}
