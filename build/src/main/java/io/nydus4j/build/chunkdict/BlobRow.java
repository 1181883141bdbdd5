package io.nydus4j.build.chunkdict;

/**
 * A data blob: a row of the table {@code blob}.
 *
 * @param id                        id
 * @param compressedSize            size of its file
 * @param uncompressedSize          size of the uncompressed address space
 * @param compressor                how chunks are compressed, by the word of the command line
 * @param chunkInfoCompressedSize   stored size of the chunk information array
 * @param chunkInfoUncompressedSize plain size of the chunk information array
 * @param chunkInfoOffset           start of the chunk information array
 */
public record BlobRow(
        String id,
        long compressedSize,
        long uncompressedSize,
        String compressor,
        long chunkInfoCompressedSize,
        long chunkInfoUncompressedSize,
        long chunkInfoOffset) {}
