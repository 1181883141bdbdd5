package io.nydus4j.build;

import io.nydus4j.blob.Digest;
import java.util.Optional;

/**
 * What {@link ExportImage} made.
 *
 * @param blockSize  bytes of a block of the device: 4096, or 512 for an image of tar files
 * @param dataBlocks blocks of the device
 * @param hashOffset where the hash tree starts, in bytes, if there is one
 * @param rootDigest the digest that stands for the whole device, if there is a hash tree
 */
public record ExportResult(int blockSize, long dataBlocks, long hashOffset, Optional<Digest> rootDigest) {
    /** Returns the options that {@code veritysetup} needs to open the device, as {@code nydus-image export} prints them. */
    public Optional<String> verityOptions() {
        return rootDigest.map(root -> ("--no-superblock --format=1 -s \"\" --hash=sha256 --data-block-size=%d"
                        + " --hash-block-size=4096 --data-blocks %d --hash-offset %d %s")
                .formatted(blockSize, dataBlocks, hashOffset, root));
    }
}
