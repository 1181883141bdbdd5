package io.nydus4j.build;

import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What {@link MergeImages} makes of what. The lists that say what the sources' blobs are called and how large they are have one entry
 * for each source or none at all; an entry counts only if its source has a blob that is not the dictionary's.
 *
 * @param sources          bootstraps of the layers, the lowest first, at least one; with {@code blobs}, also names of blobs with
 *                         inlined metadata
 * @param output           where the bootstrap goes
 * @param parent           bootstrap below all sources
 * @param chunkDictionary  bootstrap of the chunk dictionary that the sources were built with
 * @param prefetchPolicy   what the image says of the files to fetch first
 * @param prefetchHints    lines of the hint list, absolute paths, as bytes; only used if the policy is not none
 * @param blobDigests      hexadecimal digests: the blob's id, or for blobs with separate metadata that of the metadata's blob
 * @param originalBlobIds  ids of the blobs, for where {@code blobDigests} say nothing; otherwise the file's name tells
 * @param blobSizes        sizes in bytes: of the blob, or for blobs with separate metadata that of the metadata's blob
 * @param blobTocDigests   hexadecimal digests of the blobs' tables of contents
 * @param blobTocSizes     sizes of the blobs' tables of contents, in bytes; 32 bits count
 * @param blobs            where the blobs are; their ids are those of the images then. The caller closes it
 * @param threads          threads that read sources, at least 1; they do not change the result
 */
public record MergeOptions(
        List<Path> sources,
        OutputPlace output,
        Optional<Path> parent,
        Optional<Path> chunkDictionary,
        PrefetchPolicy prefetchPolicy,
        List<byte[]> prefetchHints,
        List<String> blobDigests,
        List<String> originalBlobIds,
        List<Long> blobSizes,
        List<String> blobTocDigests,
        List<Long> blobTocSizes,
        Optional<BlobBackend> blobs,
        int threads) {

    /** Keeps copies of the lists. */
    public MergeOptions {
        sources = List.copyOf(sources);
        prefetchHints = List.copyOf(prefetchHints);
        blobDigests = List.copyOf(blobDigests);
        originalBlobIds = List.copyOf(originalBlobIds);
        blobSizes = List.copyOf(blobSizes);
        blobTocDigests = List.copyOf(blobTocDigests);
        blobTocSizes = List.copyOf(blobTocSizes);
    }

    /** Returns a builder for a merge of {@code sources}, the lowest first. */
    public static Builder builder(List<Path> sources, OutputPlace output) {
        return new Builder(sources, output);
    }

    /**
     * Refuses what cannot be merged whatever the files say.
     *
     * @throws IllegalArgumentException with a text for the user
     */
    public void validate() {
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("source bootstrap list is empty, at least one bootstrap is required");
        }
        if (threads < 1) {
            throw new IllegalArgumentException("invalid number of threads: " + threads);
        }
        checkLength("blob digest", blobDigests);
        checkLength("original blob id", originalBlobIds);
        checkLength("blob size", blobSizes);
        checkLength("toc digest", blobTocDigests);
        checkLength("toc size", blobTocSizes);
    }

    private void checkLength(String what, List<?> list) {
        if (!list.isEmpty() && list.size() != sources.size()) {
            throw new IllegalArgumentException("number of %s entries %d doesn't match number of sources %d"
                    .formatted(what, list.size(), sources.size()));
        }
    }

    /** Builds {@link MergeOptions}. Not safe for use by several threads. */
    public static final class Builder {
        private final List<Path> sources;
        private final OutputPlace output;
        private Optional<Path> parent = Optional.empty();
        private Optional<Path> chunkDictionary = Optional.empty();
        private PrefetchPolicy prefetchPolicy = PrefetchPolicy.NONE;
        private List<byte[]> prefetchHints = List.of();
        private List<String> blobDigests = List.of();
        private List<String> originalBlobIds = List.of();
        private List<Long> blobSizes = List.of();
        private List<String> blobTocDigests = List.of();
        private List<Long> blobTocSizes = List.of();
        private Optional<BlobBackend> blobs = Optional.empty();
        private int threads = Runtime.getRuntime().availableProcessors();

        private Builder(List<Path> sources, OutputPlace output) {
            this.sources = new ArrayList<>(sources);
            this.output = output;
        }

        /** Sets the bootstrap below all sources. */
        public Builder parent(Path bootstrap) {
            parent = Optional.of(bootstrap);
            return this;
        }

        /** Sets the bootstrap of the chunk dictionary. */
        public Builder chunkDictionary(Path bootstrap) {
            chunkDictionary = Optional.of(bootstrap);
            return this;
        }

        /**
         * Sets what the image says of the files to fetch first.
         *
         * @param hints lines of the hint list, absolute paths as bytes
         */
        public Builder prefetch(PrefetchPolicy policy, List<byte[]> hints) {
            prefetchPolicy = policy;
            prefetchHints = hints;
            return this;
        }

        /** Sets the digests that name the blobs. */
        public Builder blobDigests(List<String> value) {
            blobDigests = value;
            return this;
        }

        /** Sets the ids of the blobs. */
        public Builder originalBlobIds(List<String> value) {
            originalBlobIds = value;
            return this;
        }

        /** Sets the sizes of the blobs. */
        public Builder blobSizes(List<Long> value) {
            blobSizes = value;
            return this;
        }

        /** Sets the digests of the blobs' tables of contents. */
        public Builder blobTocDigests(List<String> value) {
            blobTocDigests = value;
            return this;
        }

        /** Sets the sizes of the blobs' tables of contents. */
        public Builder blobTocSizes(List<Long> value) {
            blobTocSizes = value;
            return this;
        }

        /** Sets where the blobs are. */
        public Builder blobs(BlobBackend value) {
            blobs = Optional.of(value);
            return this;
        }

        /** Sets the number of threads that read sources. */
        public Builder threads(int value) {
            threads = value;
            return this;
        }

        /** Returns the options, not checked. */
        public MergeOptions build() {
            return new MergeOptions(
                    sources,
                    output,
                    parent,
                    chunkDictionary,
                    prefetchPolicy,
                    prefetchHints,
                    blobDigests,
                    originalBlobIds,
                    blobSizes,
                    blobTocDigests,
                    blobTocSizes,
                    blobs,
                    threads);
        }
    }
}
