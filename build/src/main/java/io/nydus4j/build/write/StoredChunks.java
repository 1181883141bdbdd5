package io.nydus4j.build.write;

import io.nydus4j.blob.chunk.ChunkInfoWriter;

/**
 * What is known of a blob's chunks when all are stored.
 *
 * @param chunkCount       number of chunks
 * @param storedSize       stored bytes
 * @param uncompressedSize size of the uncompressed address space in bytes
 * @param prefetchSize     stored bytes of the files to be fetched first, which are at the start
 * @param chunkInfo        the chunk information; empty for v5
 * @param digests          the digests of all chunks in order, if the blob gets them
 * @param plainBytes       plain bytes of the chunks
 * @param repeatedChunks   chunks of files with one name that repeat another one
 * @param repeatedBytes    their plain bytes
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record StoredChunks(
        int chunkCount,
        long storedSize,
        long uncompressedSize,
        long prefetchSize,
        ChunkInfoWriter chunkInfo,
        byte[] digests,
        long plainBytes,
        long repeatedChunks,
        long repeatedBytes) {}
