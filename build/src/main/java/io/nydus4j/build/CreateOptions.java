package io.nydus4j.build;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.build.OutputPlace.OutputDirectory;
import io.nydus4j.build.OutputPlace.OutputFile;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.build.tar.ArchiveLimits;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.storage.BlobBackend;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What {@link CreateImage} builds, from what, and where it goes. Nothing is checked before {@link #validate()}, which
 * {@link CreateImage} calls.
 *
 * @param source           directory, archive or table of contents
 * @param type             what the source is and what becomes of it
 * @param version          format version of the image
 * @param compression      how chunks are compressed: none, lz4_block or zstd
 * @param digestAlgorithm  how chunks and inodes are identified
 * @param cipher           how chunks are encrypted
 * @param chunkSize        bytes of a whole chunk, a power of two from {@value #MIN_CHUNK_SIZE} to {@value #MAX_CHUNK_SIZE}
 * @param batchSize        bytes up to which small files are compressed together; 0 for not, else a power of two from
 *                         {@value #MIN_CHUNK_SIZE} to the chunk size (v6)
 * @param explicitUidGid   whether owners are kept; without them the same tree gives the same image whoever owns it
 * @param alignedChunks    whether v5 starts each chunk at a multiple of 4096 of the uncompressed address space; v6 always does
 * @param blobToc          whether the blob ends with a table of contents (v6)
 * @param inlineMeta       whether the bootstrap is appended to the blob instead of being a file of its own
 * @param whiteoutSpec     what counts as a whiteout
 * @param prefetchPolicy   what the image says of the files to fetch first
 * @param prefetchHints    lines of the hint list, absolute paths, as bytes; only used if the policy is not none
 * @param blobId           id of the data blob, empty to name it by its SHA-256
 * @param blobOffset       compressed offset that is recorded for the first chunk
 * @param blobDataSize     size of the eStargz archive whose table of contents is the source
 * @param blobOutput       where the data blob goes
 * @param bootstrapOutput  where the bootstrap goes; without, the directory of {@code blobOutput} takes it
 * @param externalBlobOutput where the bootstrap of external files goes if {@code inlineMeta}
 * @param blobCacheDirectory directory that takes cache files instead of a blob
 * @param chunkDictionary  bootstrap whose chunks need not be stored again
 * @param parentBootstrap  bootstrap of the layers below
 * @param attributes       file that says which files lie in external storage
 * @param archiveLimits    what an archive may ask for at most
 * @param blobs            where the blobs of parent and dictionary are, needed if one has its metadata inlined. The caller closes it
 * @param threads          threads that digest and compress, 1 to 1024; they do not change the result
 */
public record CreateOptions(
        Path source,
        ConversionType type,
        RafsVersion version,
        Compression compression,
        DigestAlgorithm digestAlgorithm,
        CipherAlgorithm cipher,
        int chunkSize,
        int batchSize,
        boolean explicitUidGid,
        boolean alignedChunks,
        boolean blobToc,
        boolean inlineMeta,
        WhiteoutSpec whiteoutSpec,
        PrefetchPolicy prefetchPolicy,
        List<byte[]> prefetchHints,
        String blobId,
        long blobOffset,
        OptionalLong blobDataSize,
        Optional<OutputPlace> blobOutput,
        Optional<OutputPlace> bootstrapOutput,
        Optional<Path> externalBlobOutput,
        Optional<Path> blobCacheDirectory,
        Optional<Path> chunkDictionary,
        Optional<Path> parentBootstrap,
        Optional<Path> attributes,
        ArchiveLimits archiveLimits,
        Optional<BlobBackend> blobs,
        int threads) {
    public static final int MIN_CHUNK_SIZE = 0x1000;
    public static final int MAX_CHUNK_SIZE = 0x100_0000;
    public static final int DEFAULT_CHUNK_SIZE = 0x10_0000;

    /** Longest blob id that an option may give; v6 has room for 64 bytes only. */
    private static final int MAX_BLOB_ID = 255;

    private static final int MAX_BLOB_ID_V6 = 64;

    /** More than any machine has processors. */
    private static final int MAX_THREADS = 1024;

    /** Returns a builder with the defaults of {@code nydus-image create} for the directory {@code source}. */
    public static Builder builder(Path source) {
        return new Builder(source);
    }

    /**
     * Refuses values out of range and options that exclude each other. What depends on files is left to {@link CreateImage}.
     *
     * @throws IllegalArgumentException with a text for the user
     */
    public void validate() {
        if (blobId.getBytes(StandardCharsets.UTF_8).length > MAX_BLOB_ID) {
            throw new IllegalArgumentException("blob id is limited to length " + MAX_BLOB_ID);
        }
        require(isSizeInRange(chunkSize), "invalid chunk size: " + chunkSize);
        validateBatch();
        validateType();
        refuse(type == ConversionType.ESTARGZ_RAFS && blobCacheDirectory.isPresent(), "--blob-cache-dir");
        require(
                threads >= 1 && threads <= MAX_THREADS,
                "invalid number of threads: " + threads + ", expected 1 to " + MAX_THREADS);
        require(blobOffset >= 0, "invalid blob offset " + Long.toUnsignedString(blobOffset));
        require(
                compression != Compression.GZIP || type.isFixed(),
                "gzip is not among the compressors that an image is built with");
        require(
                !blobToc || version == RafsVersion.V6,
                "`--features blob-toc` can't be used with `--version 5`: a table of contents needs RAFS v6");
        require(
                cipher == CipherAlgorithm.NONE || version == RafsVersion.V6,
                "encryption needs RAFS v6: v5 has no place for the key");
        require(
                version == RafsVersion.V5 || blobId.getBytes(StandardCharsets.UTF_8).length <= MAX_BLOB_ID_V6,
                "blob id is limited to length " + MAX_BLOB_ID_V6 + " in RAFS v6");
        require(!inlineMeta || blobId.isEmpty(), "a blob with inlined metadata cannot have an id of the caller's");
        require(!inlineMeta || bootstrapOutput.isEmpty(), "inlined metadata has no bootstrap file");
        if (type == ConversionType.ESTARGZTOC_REF) {
            validateToc();
        }
        require(
                blobCacheDirectory.isPresent() || blobOutput.isPresent() || type == ConversionType.ESTARGZTOC_REF,
                "both --blob and --blob-dir are missing, please specify one to store the generated data blob file");
        require(
                inlineMeta || bootstrapOutput.isPresent() || blobOutput.orElse(null) instanceof OutputDirectory,
                "both --bootstrap and --blob-dir are missing, "
                        + "please specify one to store the generated metadata blob file");
    }

    private void validateToc() {
        require(
                blobCacheDirectory.isEmpty(),
                "conversion type `" + type.text() + "` conflicts with `--blob-cache-dir`");
        refuse(cipher != CipherAlgorithm.NONE, "--encrypt");
        refuse(blobToc, "--features blob-toc");
        refuse(inlineMeta, "--blob-inline-meta");
        require(blobDataSize.orElse(0) >= 0, "invalid blob data size " + Long.toHexString(blobDataSize.orElse(0)));
    }

    private void validateType() {
        if (!type.isFixed() || type == ConversionType.ESTARGZTOC_REF) {
            return;
        }
        require(
                version == RafsVersion.V6,
                "'--fs-version 5' conflicts with conversion type '" + type.text() + "', only V6 is supported");
        require(
                prefetchPolicy != PrefetchPolicy.BLOB,
                "conversion type " + type.text() + " conflicts with '--prefetch-policy blob'");
        refuse(cipher != CipherAlgorithm.NONE, "--encrypt");
        switch (type) {
            case TARGZ_REF, ESTARGZ_REF -> {
                refuse(!blobId.isEmpty(), "--blob-id");
                refuse(type == ConversionType.ESTARGZ_REF && blobCacheDirectory.isPresent(), "--blob-cache-dir");
            }
            case TAR_TARFS -> {
                refuse(blobOutput.orElse(null) instanceof OutputFile, "--blob");
                refuse(blobCacheDirectory.isPresent(), "--blob-cache-dir");
                refuse(chunkDictionary.isPresent(), "--chunk-dict");
                refuse(parentBootstrap.isPresent(), "--parent-bootstrap");
                refuse(inlineMeta, "--blob-inline-meta");
                refuse(blobToc, "--features blob-toc");
                refuse(alignedChunks, "--aligned-chunk");
            }
            case DIR_RAFS, ESTARGZ_RAFS, ESTARGZTOC_REF, TAR_RAFS, TARGZ_RAFS -> {}
        }
    }

    private void refuse(boolean given, String option) {
        require(!given, "conversion type '" + type.text() + "' conflicts with '" + option + "'");
    }

    private void validateBatch() {
        if (batchSize == 0) {
            return;
        }
        require(
                version == RafsVersion.V6,
                "`--batch-size` with non-zero value conflicts with `--fs-version 5`: batches need RAFS v6");
        switch (type) {
            case DIR_RAFS, TAR_RAFS, TARGZ_RAFS, ESTARGZ_RAFS -> {}
            case TARGZ_REF, ESTARGZ_REF, ESTARGZTOC_REF, TAR_TARFS ->
                throw new IllegalArgumentException("unsupported ConversionType for batch chunk: " + type.text());
        }
        require(isSizeInRange(batchSize), "invalid batch size: " + batchSize);
        if (batchSize > chunkSize) {
            throw new IllegalArgumentException(
                    "batch size 0x%x is bigger than chunk size 0x%x".formatted(batchSize, chunkSize));
        }
    }

    private static boolean isSizeInRange(int size) {
        return size >= MIN_CHUNK_SIZE && size <= MAX_CHUNK_SIZE && Integer.bitCount(size) == 1;
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    /** Builds {@link CreateOptions}. Not safe for use by several threads. */
    public static final class Builder {
        private final Path source;
        private ConversionType type = ConversionType.DIR_RAFS;
        private RafsVersion version = RafsVersion.V6;
        private Compression compression = Compression.ZSTD;
        private DigestAlgorithm digestAlgorithm = DigestAlgorithm.BLAKE3;
        private CipherAlgorithm cipher = CipherAlgorithm.NONE;
        private int chunkSize = DEFAULT_CHUNK_SIZE;
        private int batchSize;
        private boolean explicitUidGid = true;
        private boolean alignedChunks;
        private boolean blobToc;
        private boolean inlineMeta;
        private WhiteoutSpec whiteoutSpec = WhiteoutSpec.OCI;
        private PrefetchPolicy prefetchPolicy = PrefetchPolicy.NONE;
        private List<byte[]> prefetchHints = List.of();
        private String blobId = "";
        private long blobOffset;
        private OptionalLong blobDataSize = OptionalLong.empty();
        private Optional<OutputPlace> blobOutput = Optional.empty();
        private Optional<OutputPlace> bootstrapOutput = Optional.empty();
        private Optional<Path> externalBlobOutput = Optional.empty();
        private Optional<Path> blobCacheDirectory = Optional.empty();
        private Optional<Path> chunkDictionary = Optional.empty();
        private Optional<Path> parentBootstrap = Optional.empty();
        private Optional<Path> attributes = Optional.empty();
        private ArchiveLimits archiveLimits = ArchiveLimits.DEFAULT;
        private Optional<BlobBackend> blobs = Optional.empty();
        private int threads = Runtime.getRuntime().availableProcessors();

        private Builder(Path source) {
            this.source = source;
        }

        /** Sets what the source is and what becomes of it. */
        public Builder type(ConversionType value) {
            type = value;
            return this;
        }

        /** Sets the format version. */
        public Builder version(RafsVersion value) {
            version = value;
            return this;
        }

        /** Sets how chunks are compressed. */
        public Builder compression(Compression value) {
            compression = value;
            return this;
        }

        /** Sets how chunks and inodes are identified. */
        public Builder digestAlgorithm(DigestAlgorithm value) {
            digestAlgorithm = value;
            return this;
        }

        /** Sets how chunks are encrypted. */
        public Builder cipher(CipherAlgorithm value) {
            cipher = value;
            return this;
        }

        /** Sets the bytes of a whole chunk. */
        public Builder chunkSize(int value) {
            chunkSize = value;
            return this;
        }

        /** Sets the bytes up to which small files are compressed together; 0 for not. */
        public Builder batchSize(int value) {
            batchSize = value;
            return this;
        }

        /** Sets whether owners are kept. */
        public Builder explicitUidGid(boolean value) {
            explicitUidGid = value;
            return this;
        }

        /** Sets whether v5 aligns chunks to 4096. */
        public Builder alignedChunks(boolean value) {
            alignedChunks = value;
            return this;
        }

        /** Sets whether the blob ends with a table of contents. */
        public Builder blobToc(boolean value) {
            blobToc = value;
            return this;
        }

        /** Sets whether the bootstrap is appended to the blob. */
        public Builder inlineMeta(boolean value) {
            inlineMeta = value;
            return this;
        }

        /** Sets what counts as a whiteout. */
        public Builder whiteoutSpec(WhiteoutSpec value) {
            whiteoutSpec = value;
            return this;
        }

        /**
         * Sets what the image says of the files to fetch first.
         *
         * @param hints lines of the hint list, absolute paths as bytes; the list is copied, the arrays are not
         */
        public Builder prefetch(PrefetchPolicy policy, List<byte[]> hints) {
            prefetchPolicy = policy;
            prefetchHints = List.copyOf(hints);
            return this;
        }

        /** Sets the id of the data blob. */
        public Builder blobId(String value) {
            blobId = value;
            return this;
        }

        /** Sets the compressed offset recorded for the first chunk. */
        public Builder blobOffset(long value) {
            blobOffset = value;
            return this;
        }

        /** Sets the size of the archive whose table of contents is the source. */
        public Builder blobDataSize(long value) {
            blobDataSize = OptionalLong.of(value);
            return this;
        }

        /** Makes the blob the file {@code path}. */
        public Builder blobFile(Path path) {
            blobOutput = Optional.of(new OutputFile(path));
            return this;
        }

        /** Makes {@code directory} take the blob, and the bootstrap unless {@link #bootstrapFile} names another place. */
        public Builder blobDirectory(Path directory) {
            blobOutput = Optional.of(new OutputDirectory(directory));
            return this;
        }

        /** Makes the bootstrap the file {@code path}. */
        public Builder bootstrapFile(Path path) {
            bootstrapOutput = Optional.of(new OutputFile(path));
            return this;
        }

        /** Makes {@code directory} take the bootstrap, named by its SHA-256. */
        public Builder bootstrapDirectory(Path directory) {
            bootstrapOutput = Optional.of(new OutputDirectory(directory));
            return this;
        }

        /** Sets where the bootstrap of external files goes if metadata is inlined. */
        public Builder externalBlobFile(Path path) {
            externalBlobOutput = Optional.of(path);
            return this;
        }

        /** Makes the build fill {@code directory} with cache files instead of writing a blob. */
        public Builder blobCacheDirectory(Path directory) {
            blobCacheDirectory = Optional.of(directory);
            return this;
        }

        /** Sets the bootstrap whose chunks need not be stored again. */
        public Builder chunkDictionary(Path bootstrap) {
            chunkDictionary = Optional.of(bootstrap);
            return this;
        }

        /** Sets the bootstrap of the layers below. */
        public Builder parentBootstrap(Path bootstrap) {
            parentBootstrap = Optional.of(bootstrap);
            return this;
        }

        /** Sets the file that says which files lie in external storage. */
        public Builder attributes(Path file) {
            attributes = Optional.of(file);
            return this;
        }

        /** Sets what an archive may ask for at most. */
        public Builder archiveLimits(ArchiveLimits value) {
            archiveLimits = value;
            return this;
        }

        /** Sets where the parent's blobs are. */
        public Builder blobs(BlobBackend value) {
            blobs = Optional.of(value);
            return this;
        }

        /** Sets the number of threads that digest and compress. */
        public Builder threads(int value) {
            threads = value;
            return this;
        }

        /** Returns the options, not checked. A type that allows only one compression and digest gets those. */
        public CreateOptions build() {
            return new CreateOptions(
                    source,
                    type,
                    version,
                    blobCacheDirectory.isPresent() // cache files hold plain bytes
                            ? Compression.NONE
                            : type.isReference() ? Compression.GZIP : type.isFixed() ? Compression.NONE : compression,
                    type.isFixed() ? DigestAlgorithm.SHA256 : digestAlgorithm,
                    cipher,
                    chunkSize,
                    batchSize,
                    explicitUidGid,
                    alignedChunks,
                    blobToc,
                    inlineMeta,
                    whiteoutSpec,
                    prefetchPolicy,
                    prefetchHints,
                    blobId,
                    blobOffset,
                    blobDataSize,
                    blobOutput,
                    bootstrapOutput,
                    externalBlobOutput,
                    blobCacheDirectory,
                    chunkDictionary,
                    parentBootstrap,
                    attributes,
                    archiveLimits,
                    blobs,
                    threads);
        }
    }
}
