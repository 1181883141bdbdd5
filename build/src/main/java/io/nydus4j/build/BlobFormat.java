package io.nydus4j.build;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.build.write.ChunkSettings;
import io.nydus4j.rafs.RafsVersion;
import java.util.Optional;

/**
 * What the options mean for the data blob: features, how chunks are stored, and the fields of its entry that are known before the first
 * chunk.
 */
final class BlobFormat {
    private final CreateOptions options;
    private final BlobFeatures features;
    private final Optional<BlobKey> key;

    /**
     * Makes the format.
     *
     * @param key encrypts the blob; empty for not
     */
    BlobFormat(CreateOptions options, Optional<BlobKey> key) {
        this(options, key, 0);
    }

    private BlobFormat(CreateOptions options, Optional<BlobKey> key, int moreFeatures) {
        this.options = options;
        this.features = new BlobFeatures(features(options) | moreFeatures);
        this.key = key;
    }

    /**
     * Returns the format of a blob that describes the chunks of an archive.
     *
     * @param gzip whether the archive is compressed with gzip
     */
    static BlobFormat ofArchive(CreateOptions options, boolean gzip) {
        int zran = gzip ? BlobFeatures.ZRAN : 0;
        return new BlobFormat(options, Optional.empty(), BlobFeatures.SEPARATE | BlobFeatures.CHUNK_INFO_V2 | zran);
    }

    private static int features(CreateOptions options) {
        int bits = BlobFeatures.CAP_TAR_TOC;
        if (options.inlineMeta()) {
            bits |= BlobFeatures.INLINED_FS_META | BlobFeatures.HAS_TAR_HEADER;
        }
        if (options.blobToc()) {
            bits |= BlobFeatures.HAS_TOC | BlobFeatures.HAS_TAR_HEADER | BlobFeatures.INLINED_CHUNK_DIGEST;
        }
        if (options.batchSize() > 0) {
            bits |= BlobFeatures.BATCH | BlobFeatures.CHUNK_INFO_V2;
        }
        if (options.cipher() == CipherAlgorithm.AES_128_XTS) {
            bits |= BlobFeatures.ENCRYPTED | BlobFeatures.CHUNK_INFO_V2;
        }
        if (options.type() == ConversionType.TAR_TARFS) {
            bits |= BlobFeatures.TARFS;
        } else if (options.version() == RafsVersion.V6) {
            bits |= BlobFeatures.ALIGNED;
        }
        return bits;
    }

    /** Tells whether tar headers follow the parts of the blob. */
    boolean hasHeaders() {
        return features.has(BlobFeatures.HAS_TAR_HEADER);
    }

    /** Returns how files become chunks. */
    ChunkSettings chunkSettings() {
        return new ChunkSettings(
                options.chunkSize(),
                options.batchSize(),
                // Of an archive's chunks nothing is compressed but what is told about them.
                options.type().isReference() ? Compression.ZSTD : options.compression(),
                options.digestAlgorithm(),
                key.map(BlobKey::cipher),
                options.version() == RafsVersion.V6 || options.alignedChunks(),
                options.version() == RafsVersion.V6,
                options.blobToc(),
                features,
                options.blobOffset());
    }

    /** Starts the blob's entry. */
    BlobInfo.Builder entry() {
        BlobInfo.Builder entry = BlobInfo.builder()
                .chunkSize(options.chunkSize())
                .compression(options.compression())
                .digestAlgorithm(options.digestAlgorithm())
                .features(features)
                .cipher(options.cipher());
        if (key.isPresent()) {
            entry.metaDigest(key.get().key())
                    .metaSize(key.get().firstIvHalf())
                    .cipherIv(key.get().secondIvHalf());
        }
        return entry;
    }
}
