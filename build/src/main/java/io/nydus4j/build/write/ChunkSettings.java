package io.nydus4j.build.write;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.crypt.UnitCipher;
import java.util.Optional;

/**
 * How files become chunks of one data blob.
 *
 * @param chunkSize       bytes of a whole chunk
 * @param batchSize       plain bytes up to which small files are compressed together; 0 for not
 * @param compression     how chunks are compressed
 * @param digestAlgorithm how chunks are identified
 * @param cipher          encrypts chunks; empty for not
 * @param aligned         whether each chunk starts at a multiple of 4096 of the uncompressed address space
 * @param chunkInfo       whether the blob gets chunk information (v6)
 * @param chunkDigests    whether the blob gets an array of chunk digests
 * @param features        the blob's features
 * @param blobOffset      compressed offset recorded for the first chunk, in bytes
 */
public record ChunkSettings(
        int chunkSize,
        int batchSize,
        Compression compression,
        DigestAlgorithm digestAlgorithm,
        Optional<UnitCipher> cipher,
        boolean aligned,
        boolean chunkInfo,
        boolean chunkDigests,
        BlobFeatures features,
        long blobOffset) {}
