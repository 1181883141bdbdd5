package io.nydus4j.build;

import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@link StatImages} counts.
 *
 * @param bootstrap       the base image's metadata; goes before {@code directory}
 * @param directory       a directory whose files without an extension are base images, as far as they are images at all
 * @param target          an image to compare with the base
 * @param digestAlgorithm only base images that identify chunks so are compared
 * @param blobs           where blobs with inlined metadata are; the caller closes it
 */
public record StatOptions(
        Optional<Path> bootstrap,
        Optional<Path> directory,
        Optional<Path> target,
        DigestAlgorithm digestAlgorithm,
        Optional<BlobBackend> blobs) {}
