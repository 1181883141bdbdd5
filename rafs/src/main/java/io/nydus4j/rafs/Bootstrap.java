package io.nydus4j.rafs;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An image's metadata, read in place from mapped memory: RAFS v5 or v6.
 *
 * <p>Safe for use by several threads. Opened by {@link io.nydus4j.rafs.load.Rafs}; closing unmaps the memory, after which no view of it may be used.
 */
public interface Bootstrap extends AutoCloseable {
    /** Returns the summary of the superblock. */
    Superblock superblock();

    /** Returns the data blobs, by blob index. */
    List<BlobInfo> blobs();

    /** Returns the number of the root inode. */
    long rootIno();

    /** Returns the largest number that an inode of this image may have. */
    long maxIno();

    /**
     * Returns the root directory.
     *
     * @throws RafsFormatException if it is broken
     */
    default Inode root() throws RafsFormatException {
        return inode(rootIno());
    }

    /**
     * Returns the inode with this number.
     *
     * @param ino number of an inode; v5 also takes the child index of any name
     * @throws RafsFormatException if there is no such inode, or its fields are broken
     */
    Inode inode(long ino) throws RafsFormatException;

    /**
     * Returns what opens many inodes at less cost than {@link #inode}: it lends each of them the same memory, so that one is good only
     * until the next one is asked for. Not safe for use by several threads.
     */
    default InodeReader reader() {
        return this::inode;
    }

    /**
     * Returns a path that leads to an inode, or null if none is known. v5 knows one for every inode, for a file of several names that
     * of the first; v6 for directories only.
     *
     * @param ino number of an inode
     * @throws RafsFormatException if there is no such inode, or the way up from it is broken
     */
    default byte @Nullable [] path(long ino) throws RafsFormatException {
        return RafsPaths.directoryPath(this, ino);
    }

    /** Returns the raw prefetch table: inode numbers, zeros included. */
    List<Long> prefetchTable() throws RafsFormatException;

    /**
     * Returns where a blob starts in the block device that an exported v6 image is, in blocks; 0 for v5.
     *
     * @param blobIndex index into {@link #blobs()}
     */
    long mappedBlockAddress(int blobIndex);

    /**
     * Passes every chunk record that the image has, each at least once, in no particular order: v5 those of all files, v6 those
     * of the chunk table. TARFS images have no useful ones.
     *
     * @throws RafsFormatException if one is broken
     */
    void forEachChunk(Consumer<ChunkRecord> consumer) throws RafsFormatException;

    /**
     * Tells whether it only lists chunks, as {@code chunkdict generate} makes them: in one file without content, which the reference gives a
     * name that no directory can hold, and of which v5 has chunks of any length in any place. To be read by {@link #forEachChunk}.
     */
    default boolean isChunkDictionary() {
        return superblock().inodesCount() == 2
                && blobs().stream().allMatch(blob -> blob.features().has(BlobFeatures.IS_CHUNKDICT_GENERATED));
    }

    /**
     * Returns the size of the bootstrap in bytes. No more than a fixed part of it can be names, chunks or xattrs, which is how those
     * who load a whole image see through one that names the same bytes again and again.
     */
    default long byteSize() {
        return Long.MAX_VALUE;
    }

    @Override
    void close();
}
