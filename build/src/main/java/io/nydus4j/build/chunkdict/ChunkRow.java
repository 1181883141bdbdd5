package io.nydus4j.build.chunkdict;

/**
 * A chunk of a file of an image: a row of the table {@code chunk}. Equal rows are the same chunk of the same image.
 *
 * @param image              name of the image
 * @param tag                version of the image
 * @param blobId             id of the blob that has the chunk
 * @param digest             digest of the plain bytes, in hexadecimal
 * @param crc32              CRC-32C of the plain bytes, or 0
 * @param compressedSize     stored bytes
 * @param uncompressedSize   plain bytes
 * @param compressedOffset   start of the stored bytes in the blob
 * @param uncompressedOffset start of the plain bytes in the blob's uncompressed address space
 */
public record ChunkRow(
        String image,
        String tag,
        String blobId,
        String digest,
        long crc32,
        long compressedSize,
        long uncompressedSize,
        long compressedOffset,
        long uncompressedOffset) {}
