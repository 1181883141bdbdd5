package io.nydus4j.rafs;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;

/**
 * What a bootstrap writer must know beside the tree and the blobs.
 *
 * @param chunkSize       size of a whole chunk in bytes, a power of two from 4096 to 16 MiB
 * @param compression     written to the flags
 * @param digestAlgorithm written to the flags; v5 also digests inodes with it
 * @param cipher          written to the flags of v6
 * @param explicitUidGid  whether uid and gid count
 * @param forceXattrFlag  whether HAS_XATTR is set even if no inode has xattrs, as {@code merge} does
 * @param tarfs           whether the image is of tar files (v6 only)
 */
public record BootstrapOptions(
        int chunkSize,
        Compression compression,
        DigestAlgorithm digestAlgorithm,
        CipherAlgorithm cipher,
        boolean explicitUidGid,
        boolean forceXattrFlag,
        boolean tarfs) {
    /** Returns these options with another chunk size. */
    public BootstrapOptions withChunkSize(int newChunkSize) {
        return new BootstrapOptions(
                newChunkSize, compression, digestAlgorithm, cipher, explicitUidGid, forceXattrFlag, tarfs);
    }
}
