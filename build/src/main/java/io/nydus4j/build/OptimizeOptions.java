package io.nydus4j.build;

import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;
import java.util.List;

/**
 * What {@link OptimizeImage} does.
 *
 * @param bootstrap     the image's metadata: a bootstrap, or a blob with inlined metadata
 * @param blobs         where the image's blobs are; the caller closes it
 * @param files         the files that are read early, in that order
 * @param output        the new bootstrap
 * @param blobDirectory existing directory that takes the new blob, named by its SHA-256
 */
public record OptimizeOptions(
        Path bootstrap, BlobBackend blobs, List<AccessedFile> files, Path output, Path blobDirectory) {}
