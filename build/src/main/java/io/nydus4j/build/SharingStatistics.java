package io.nydus4j.build;

import io.nydus4j.blob.ChunkRecord;

/**
 * What would be stored if chunks that occur in at least so many images were stored once, and all others once for each image.
 *
 * @param threshold          number of images from which on a chunk is shared
 * @param rawChunks          chunks of all images
 * @param dedupChunks        chunks that would be stored
 * @param compContentSize    stored bytes of all images' chunks
 * @param compBaseSize       stored bytes of the shared chunks
 * @param compImageSize      stored bytes of the others
 * @param uncompContentSize  plain bytes of all images' chunks
 * @param uncompBaseSize     plain bytes of the shared chunks
 * @param uncompImageSize    plain bytes of the others
 */
public record SharingStatistics(
        int threshold,
        long rawChunks,
        long dedupChunks,
        long compContentSize,
        long compBaseSize,
        long compImageSize,
        long uncompContentSize,
        long uncompBaseSize,
        long uncompImageSize) {
    /** How many thresholds are looked at, from 1. */
    static final int MOST_ROWS = 20;

    /** Returns this with one more chunk, which {@code images} images have. */
    SharingStatistics with(ChunkRecord chunk, int images) {
        boolean isShared = images >= threshold;
        long stored = Integer.toUnsignedLong(chunk.compressedSize());
        long plain = Integer.toUnsignedLong(chunk.uncompressedSize());
        return new SharingStatistics(
                threshold,
                rawChunks + images,
                dedupChunks + (isShared ? 1 : images),
                compContentSize + images * stored,
                compBaseSize + (isShared ? stored : 0),
                compImageSize + (isShared ? 0 : images * stored),
                uncompContentSize + images * plain,
                uncompBaseSize + (isShared ? plain : 0),
                uncompImageSize + (isShared ? 0 : images * plain));
    }
}
