package io.nydus4j.rafs;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import java.util.Optional;

/**
 * What images must agree in to be merged, built on one another or used as a chunk dictionary. Mirrors {@code RafsSuperConfig} of the
 * reference.
 *
 * @param version         format version
 * @param compression     how chunks are compressed; not compared
 * @param digestAlgorithm how chunks are identified; compared for v5, whose inodes have digests
 * @param chunkSize       size of a whole chunk, in bytes
 * @param batchSize       size of a batch of chunks, in bytes; not compared
 * @param explicitUidGid  whether uid and gid are stored
 * @param tarfs           whether the image is of tar files
 */
public record RafsConfiguration(
        RafsVersion version,
        Compression compression,
        DigestAlgorithm digestAlgorithm,
        int chunkSize,
        int batchSize,
        boolean explicitUidGid,
        boolean tarfs) {
    private static final String PREFIX = "Inconsistent RAFS Filesystem: ";

    /** Returns the configuration of an image. */
    public static RafsConfiguration of(Superblock superblock) {
        return new RafsConfiguration(
                superblock.version(),
                superblock.compression(),
                superblock.digestAlgorithm(),
                superblock.chunkSize(),
                0,
                superblock.explicitUidGid(),
                superblock.tarfs());
    }

    /** Returns this configuration with another chunk size. */
    public RafsConfiguration withChunkSize(int newChunkSize) {
        return new RafsConfiguration(
                version, compression, digestAlgorithm, newChunkSize, batchSize, explicitUidGid, tarfs);
    }

    /** Returns why an image does not go with this configuration, in the reference's words; empty if it does. */
    public Optional<String> mismatch(Superblock image) {
        RafsConfiguration other = of(image);
        if (chunkSize != other.chunkSize) {
            return Optional.of(PREFIX + "Inconsistent configuration of chunk_size: "
                    + Integer.toUnsignedString(chunkSize) + " vs " + Integer.toUnsignedString(other.chunkSize));
        }
        if (explicitUidGid != other.explicitUidGid) {
            return Optional.of(PREFIX + "Using inconsistent explicit_uidgid setting " + explicitUidGid
                    + ", target explicit_uidgid setting " + other.explicitUidGid);
        }
        if (version != other.version) {
            return Optional.of(PREFIX + "Using inconsistent RAFS version V" + version.text()
                    + ", target RAFS version Ok(V" + other.version.text() + ")");
        }
        if (version == RafsVersion.V5 && digestAlgorithm != other.digestAlgorithm) {
            return Optional.of(PREFIX + "RAFS v5 can not support different digest algorithm due to inode digest, "
                    + digestAlgorithm.label() + " vs " + other.digestAlgorithm.label());
        }
        if (tarfs != other.tarfs) {
            return Optional.of(PREFIX + "Using inconsistent RAFS TARFS mode");
        }
        return Optional.empty();
    }

    /**
     * Refuses an image that does not go with this configuration.
     *
     * @throws InconsistentImageException with the reference's words
     */
    public void check(Superblock image) throws InconsistentImageException {
        Optional<String> mismatch = mismatch(image);
        if (mismatch.isPresent()) {
            throw new InconsistentImageException(mismatch.get());
        }
    }
}
