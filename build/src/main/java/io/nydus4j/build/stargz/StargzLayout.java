package io.nydus4j.build.stargz;

import io.nydus4j.blob.Compression;

/**
 * What an image of a layer is to be like.
 *
 * @param blobId         id of the layer as a blob
 * @param layerSize      where the last chunk ends at the latest, in bytes: the size of the layer, or less
 * @param compression    how the layer is compressed: gzip or zstd
 * @param chunkSize      bytes of a whole chunk
 * @param version6       whether the image is RAFS v6, whose blobs have a whole number of pages
 * @param aligned        whether chunks start at multiples of 4096 of the uncompressed address space
 * @param explicitUidGid whether owners are kept
 * @param layer          number of the layer, 0 for the lowest
 */
public record StargzLayout(
        String blobId,
        long layerSize,
        Compression compression,
        int chunkSize,
        boolean version6,
        boolean aligned,
        boolean explicitUidGid,
        int layer) {}
