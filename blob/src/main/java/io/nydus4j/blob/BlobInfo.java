package io.nydus4j.blob;

import java.util.Optional;

/**
 * What an image knows of one of its data blobs: an entry of the blob table, whatever the format version.
 *
 * <p>Mirrors {@code BlobInfo} of the reference. Values from an image are unchecked until the reader of the bootstrap has checked
 * them.
 *
 * @param id the blob's id as stored, without trailing NULs; normally the 64 hexadecimal digits of a SHA-256
 * @param index position in the image's blob table
 * @param chunkSize size of a whole chunk, in bytes
 * @param chunkCount number of chunks in the blob
 * @param compression how chunks are compressed
 * @param digestAlgorithm how chunks are identified
 * @param features what the blob has
 * @param compressedSize size of the blob's file, or of the original archive for blobs with separate metadata, in bytes
 * @param uncompressedSize size of the uncompressed address space, in bytes
 * @param tocSize size of the table of contents with its tar header, in bytes; 0 if unknown
 * @param tocDigest SHA-256 of the table of contents with its tar header; zero if unknown
 * @param chunkInfoCompression how the chunk information array is compressed
 * @param chunkInfoOffset start of the stored chunk information array, in bytes
 * @param chunkInfoCompressedSize stored size of the chunk information array, in bytes; 0 if the blob has none
 * @param chunkInfoUncompressedSize plain size of the chunk information array, in bytes
 * @param metaDigest SHA-256 that names the metadata blob of a SEPARATE blob; the cipher's 32-byte key for an ENCRYPTED one
 * @param metaSize size of the metadata blob of a SEPARATE blob; bytes 0 to 7 of the IV (little-endian) for an ENCRYPTED one
 * @param cipherIv bytes 8 to 15 of the IV (little-endian) for an ENCRYPTED blob
 * @param cipher how chunks are encrypted
 * @param prefetchSize stored bytes at the blob's start that are worth prefetching (kept by v5 only), in bytes
 * @param pathId the id that the bootstrap's file name gives; empty if the stored id counts
 */
public record BlobInfo(
        String id,
        int index,
        int chunkSize,
        int chunkCount,
        Compression compression,
        DigestAlgorithm digestAlgorithm,
        BlobFeatures features,
        long compressedSize,
        long uncompressedSize,
        int tocSize,
        Digest tocDigest,
        Compression chunkInfoCompression,
        long chunkInfoOffset,
        long chunkInfoCompressedSize,
        long chunkInfoUncompressedSize,
        Digest metaDigest,
        long metaSize,
        long cipherIv,
        CipherAlgorithm cipher,
        long prefetchSize,
        Optional<String> pathId) {
    /** The id that stands for "the blob that this bootstrap is inlined in": 64 times {@code x}. */
    public static final String PLACEHOLDER_ID = "x".repeat(64);

    /** Size of the tar header that follows a part of a blob, in bytes. */
    private static final int TAR_HEADER_SIZE = 512;

    /** Returns a builder with every field empty. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that starts with these values. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /**
     * Returns the id under which the blob's data is found: the one from the bootstrap's file name where the bootstrap is inlined in
     * the blob itself or the writer was too old to say, else the stored one.
     */
    public String effectiveId() {
        boolean inlinedHere = features.has(BlobFeatures.INLINED_FS_META)
                && !features.hasAny(BlobFeatures.EXTERNAL | BlobFeatures.SEPARATE);
        return inlinedHere || !features.has(BlobFeatures.CAP_TAR_TOC) ? pathId.orElse(id) : id;
    }

    /** Returns the id of the blob that holds the chunk information: another blob if the data is SEPARATE. */
    public String metaId() {
        if (!features.has(BlobFeatures.SEPARATE)) {
            return effectiveId();
        }
        if (features.has(BlobFeatures.INLINED_FS_META)) {
            return pathId.orElseGet(metaDigest::toString);
        }
        return metaDigest.toString();
    }

    /**
     * Returns how many blocks of a device the data takes: of a tar file all, for it may lack its last padding, of others those that are
     * whole, as the reference has it.
     *
     * @param blockSize bytes of a block
     * @param tarfs     whether the image is of tar files
     */
    public long deviceBlocks(int blockSize, boolean tarfs) {
        return tarfs ? Math.ceilDiv(uncompressedSize, blockSize) : uncompressedSize / blockSize;
    }

    /** Tells whether the blob has a chunk information array (v6, not tarfs). An array in the place of the first chunk is none. */
    public boolean hasChunkInfo() {
        return chunkInfoCompressedSize != 0 && (chunkInfoOffset != 0 || features.has(BlobFeatures.SEPARATE));
    }

    /**
     * Tells whether the blob may be a layer of the stargz family, that is, an archive that was not made for images: stored sizes of chunks
     * are upper bounds then, and more than the chunk comes out when they are decompressed. Never so for a blob that is read by its own chunk
     * information.
     */
    public boolean hasEstimatedChunks() {
        boolean layer = !hasChunkInfo()
                && !features.hasAny(BlobFeatures.SEPARATE
                        | BlobFeatures.TARFS
                        | BlobFeatures.EXTERNAL
                        | BlobFeatures.HAS_TAR_HEADER
                        | BlobFeatures.CHUNK_INFO_V2);
        return layer
                && (compression == Compression.GZIP
                        || compression == Compression.ZSTD && digestAlgorithm == DigestAlgorithm.SHA256);
    }

    /** Returns where the stored chunks end, in bytes from the start of the data. */
    public long compressedDataSize() {
        if (features.has(BlobFeatures.SEPARATE) || !features.has(BlobFeatures.CAP_TAR_TOC)) {
            return compressedSize;
        }
        long end = hasChunkInfo() ? chunkInfoOffset : compressedSize;
        return features.has(BlobFeatures.HAS_TAR_HEADER) ? end - TAR_HEADER_SIZE : end;
    }

    /** Builds a {@link BlobInfo}. Not safe for use by several threads. */
    public static final class Builder {
        private String id = "";
        private int index;
        private int chunkSize;
        private int chunkCount;
        private Compression compression = Compression.NONE;
        private DigestAlgorithm digestAlgorithm = DigestAlgorithm.BLAKE3;
        private BlobFeatures features = BlobFeatures.EMPTY;
        private long compressedSize;
        private long uncompressedSize;
        private int tocSize;
        private Digest tocDigest = Digest.ZERO;
        private Compression chunkInfoCompression = Compression.NONE;
        private long chunkInfoOffset;
        private long chunkInfoCompressedSize;
        private long chunkInfoUncompressedSize;
        private Digest metaDigest = Digest.ZERO;
        private long metaSize;
        private long cipherIv;
        private CipherAlgorithm cipher = CipherAlgorithm.NONE;
        private long prefetchSize;
        private Optional<String> pathId = Optional.empty();

        private Builder() {}

        private Builder(BlobInfo info) {
            id = info.id;
            index = info.index;
            chunkSize = info.chunkSize;
            chunkCount = info.chunkCount;
            compression = info.compression;
            digestAlgorithm = info.digestAlgorithm;
            features = info.features;
            compressedSize = info.compressedSize;
            uncompressedSize = info.uncompressedSize;
            tocSize = info.tocSize;
            tocDigest = info.tocDigest;
            chunkInfoCompression = info.chunkInfoCompression;
            chunkInfoOffset = info.chunkInfoOffset;
            chunkInfoCompressedSize = info.chunkInfoCompressedSize;
            chunkInfoUncompressedSize = info.chunkInfoUncompressedSize;
            metaDigest = info.metaDigest;
            metaSize = info.metaSize;
            cipherIv = info.cipherIv;
            cipher = info.cipher;
            prefetchSize = info.prefetchSize;
            pathId = info.pathId;
        }

        /** Sets the blob's id as stored, without trailing NULs. */
        public Builder id(String value) {
            id = value;
            return this;
        }

        /** Sets position in the image's blob table. */
        public Builder index(int value) {
            index = value;
            return this;
        }

        /** Sets size of a whole chunk, in bytes. */
        public Builder chunkSize(int value) {
            chunkSize = value;
            return this;
        }

        /** Sets number of chunks in the blob. */
        public Builder chunkCount(int value) {
            chunkCount = value;
            return this;
        }

        /** Sets how chunks are compressed. */
        public Builder compression(Compression value) {
            compression = value;
            return this;
        }

        /** Sets how chunks are identified. */
        public Builder digestAlgorithm(DigestAlgorithm value) {
            digestAlgorithm = value;
            return this;
        }

        /** Sets what the blob has. */
        public Builder features(BlobFeatures value) {
            features = value;
            return this;
        }

        /** Sets size of the blob's file, or of the original archive for blobs with separate metadata, in bytes. */
        public Builder compressedSize(long value) {
            compressedSize = value;
            return this;
        }

        /** Sets size of the uncompressed address space, in bytes. */
        public Builder uncompressedSize(long value) {
            uncompressedSize = value;
            return this;
        }

        /** Sets size of the table of contents with its tar header, in bytes. */
        public Builder tocSize(int value) {
            tocSize = value;
            return this;
        }

        /** Sets SHA-256 of the table of contents with its tar header. */
        public Builder tocDigest(Digest value) {
            tocDigest = value;
            return this;
        }

        /** Sets how the chunk information array is compressed. */
        public Builder chunkInfoCompression(Compression value) {
            chunkInfoCompression = value;
            return this;
        }

        /** Sets start of the stored chunk information array, in bytes. */
        public Builder chunkInfoOffset(long value) {
            chunkInfoOffset = value;
            return this;
        }

        /** Sets stored size of the chunk information array, in bytes. */
        public Builder chunkInfoCompressedSize(long value) {
            chunkInfoCompressedSize = value;
            return this;
        }

        /** Sets plain size of the chunk information array, in bytes. */
        public Builder chunkInfoUncompressedSize(long value) {
            chunkInfoUncompressedSize = value;
            return this;
        }

        /** Sets SHA-256 that names the metadata blob of a SEPARATE blob. */
        public Builder metaDigest(Digest value) {
            metaDigest = value;
            return this;
        }

        /** Sets size of the metadata blob of a SEPARATE blob. */
        public Builder metaSize(long value) {
            metaSize = value;
            return this;
        }

        /** Sets bytes 8 to 15 of the IV (little-endian) for an ENCRYPTED blob. */
        public Builder cipherIv(long value) {
            cipherIv = value;
            return this;
        }

        /** Sets how chunks are encrypted. */
        public Builder cipher(CipherAlgorithm value) {
            cipher = value;
            return this;
        }

        /** Sets stored bytes at the blob's start that are worth prefetching (kept by v5 only), in bytes. */
        public Builder prefetchSize(long value) {
            prefetchSize = value;
            return this;
        }

        /** Sets the id that the bootstrap's file name gives. */
        public Builder pathId(Optional<String> value) {
            pathId = value;
            return this;
        }

        /** Returns the finished value. */
        public BlobInfo build() {
            return new BlobInfo(
                    id,
                    index,
                    chunkSize,
                    chunkCount,
                    compression,
                    digestAlgorithm,
                    features,
                    compressedSize,
                    uncompressedSize,
                    tocSize,
                    tocDigest,
                    chunkInfoCompression,
                    chunkInfoOffset,
                    chunkInfoCompressedSize,
                    chunkInfoUncompressedSize,
                    metaDigest,
                    metaSize,
                    cipherIv,
                    cipher,
                    prefetchSize,
                    pathId);
        }
    }
}
