package io.nydus4j.blob.zran;

/**
 * Where a chunk lies in a gzip file.
 *
 * @param contextIndex     index of the context whose plain bytes hold the chunk
 * @param offsetInContext  where it starts there, in bytes
 * @param uncompressedSize number of plain bytes
 * @param compressedOffset where a decoder stood when the chunk began, in bytes from the start of the gzip file
 * @param compressedSize   how far it went for the chunk, in bytes; 0 if the chunk was in what it had read ahead
 */
public record ZranChunk(
        int contextIndex, int offsetInContext, int uncompressedSize, long compressedOffset, int compressedSize) {}
