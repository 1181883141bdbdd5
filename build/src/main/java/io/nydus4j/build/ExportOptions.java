package io.nydus4j.build;

import io.nydus4j.storage.BlobBackend;
import java.nio.file.Path;

/**
 * What {@link ExportImage} exports and where to.
 *
 * @param bootstrap     the image's metadata: a bootstrap, or a blob with inlined metadata
 * @param blobs         where the image's blobs are; the caller closes it
 * @param output        the device's file, replaced when it is complete, or an existing block device
 * @param verity        whether a hash tree for dm-verity follows the device
 * @param referenceTree whether the tree's unused room is filled as the reference does it, which {@code veritysetup verify} refuses; the
 *                      root digest differs with it
 * @param threads       threads that read and decode, at least 1; they do not change the result
 */
public record ExportOptions(
        Path bootstrap, BlobBackend blobs, Path output, boolean verity, boolean referenceTree, int threads) {}
