package io.nydus4j.build;

import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@link CompactImage} does.
 *
 * @param bootstrap       the image's metadata: a bootstrap, or a blob with inlined metadata
 * @param blobs           where the image's blobs are; the caller closes it
 * @param output          the new bootstrap
 * @param blobDirectory   existing directory that takes the new blobs, named by their SHA-256
 * @param dictionary      a bootstrap whose blobs are kept in any case, and used for chunks that they have
 * @param minUsedRatio    percent; a blob of which less is used is written anew with what is used; 0 for never
 * @param compactBlobSize bytes; blobs smaller than this are put together
 * @param maxCompactSize  bytes that blobs are put together to, at most
 * @param layersToCompact nothing is done for an image with fewer blobs than this
 */
public record CompactOptions(
        Path bootstrap,
        BlobBackend blobs,
        Path output,
        Path blobDirectory,
        Optional<Path> dictionary,
        int minUsedRatio,
        long compactBlobSize,
        long maxCompactSize,
        int layersToCompact) {
    public static final long DEFAULT_COMPACT_BLOB_SIZE = 10 << 20;
    public static final long DEFAULT_MAX_COMPACT_SIZE = 100 << 20;

    /** Returns where the new bootstrap goes if nothing else is said: beside the old one, with the extension {@code bootstrap.compact}. */
    public static Path defaultOutput(Path bootstrap) {
        return BuildOutputs.withExtension(bootstrap, "bootstrap.compact");
    }
}
