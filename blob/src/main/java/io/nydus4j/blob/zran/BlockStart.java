package io.nydus4j.blob.zran;

/**
 * Where a deflate block of a gzip file starts, or the trailer behind the last block of a member.
 *
 * @param compressedOffset   first byte of which no bit has been used, in bytes from the start of the gzip file
 * @param uncompressedOffset where its plain bytes go, in bytes from the start of the decompressed stream
 * @param bitByte            the byte before {@code compressedOffset}, 0 to 255; 0 if all its bits have been used
 * @param bitCount           number of high bits of that byte that have not been used, 0 to 7
 */
public record BlockStart(long compressedOffset, long uncompressedOffset, int bitByte, int bitCount) {}
