package io.nydus4j.rafs;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;

/**
 * The summary of a superblock, whatever the version. Mirrors {@code RafsSuperMeta} of the reference.
 *
 * @param magic               first number of the file: v5's or EROFS'
 * @param version             format version
 * @param superblockSize      bytes; 0 for v6
 * @param chunkSize           bytes
 * @param blockSize           unit of v6 addresses in bytes, 4096 or 512; 0 for v5
 * @param inodesCount         v5: distinct inodes; v6: names
 * @param flags               superblock flags
 * @param inodeTableEntries   v5: names in the inode table; 0 for v6
 * @param inodeTableOffset    bytes; 0 for v6
 * @param blobTableOffset     bytes
 * @param blobTableSize       bytes
 * @param extendedBlobTableOffset  v5, bytes; 0 if there is none
 * @param extendedBlobTableEntries v5
 * @param blobDeviceTableOffset    v6, bytes
 * @param blobDeviceTableCount     v6
 * @param prefetchTableOffset bytes
 * @param prefetchTableEntries number of 4-byte entries
 * @param metaBlockAddress    v6: start of the inodes, in blocks
 * @param rootNid             v6: number of the root inode
 * @param chunkTableOffset    v6, bytes
 * @param chunkTableSize      v6, bytes
 */
public record Superblock(
        int magic,
        RafsVersion version,
        int superblockSize,
        int chunkSize,
        int blockSize,
        long inodesCount,
        SuperblockFlags flags,
        int inodeTableEntries,
        long inodeTableOffset,
        long blobTableOffset,
        long blobTableSize,
        long extendedBlobTableOffset,
        int extendedBlobTableEntries,
        long blobDeviceTableOffset,
        int blobDeviceTableCount,
        long prefetchTableOffset,
        int prefetchTableEntries,
        long metaBlockAddress,
        int rootNid,
        long chunkTableOffset,
        long chunkTableSize) {
    /** Returns how chunks are compressed, unless a blob says otherwise. */
    public Compression compression() {
        return flags.compression();
    }

    /** Returns how chunks, and v5's inodes, are identified. */
    public DigestAlgorithm digestAlgorithm() {
        return flags.digestAlgorithm();
    }

    /** Returns how chunks are encrypted; v5's never are, whatever the flags say. */
    public CipherAlgorithm cipher() {
        return version == RafsVersion.V6 ? flags.cipher() : CipherAlgorithm.NONE;
    }

    /** Tells whether uid and gid are stored; otherwise a mount shows its own. */
    public boolean explicitUidGid() {
        return flags.has(SuperblockFlags.EXPLICIT_UID_GID);
    }

    /** Tells whether some inode has xattrs. */
    public boolean hasXattrs() {
        return flags.has(SuperblockFlags.HAS_XATTR);
    }

    /** Tells whether every blob carries the digests of its chunks (v6 only). */
    public boolean inlinedChunkDigest() {
        return version == RafsVersion.V6 && flags.has(SuperblockFlags.INLINED_CHUNK_DIGEST);
    }

    /** Tells whether the image is of tar files, addressed in blocks of 512 bytes. */
    public boolean tarfs() {
        return flags.has(SuperblockFlags.TARTFS_MODE);
    }
}
