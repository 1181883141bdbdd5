package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.SLOT_SIZE;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.InodeReader;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.SuperblockFlags;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A v6 bootstrap read in place.
 *
 * <p>The file is laid out as follows, all of it zero that is not named:
 * <pre>
 *   1024    EROFS superblock
 *   1152    extended superblock
 *   1408    device table, 128 bytes for each blob
 *   B       blob table, 256 bytes for each blob
 *   P       prefetch table, 4 bytes for each entry, right behind it
 *   M       metadata area: a gap of 4096 bytes, then inodes, directories, chunk indexes and link targets
 *   C       chunk table, 80 bytes for each record
 * </pre>
 * B, M, C and the length of the file are multiples of 4096.
 *
 * <p>Opening checks the superblocks and the blob table, so that nothing later has to; an inode is checked when its view is made.
 * Hostile images cannot make a look-up leave the file or loop, but they can name one directory as child of two, or of itself: who
 * walks a tree must count or remember directories, as {@link io.nydus4j.rafs.BootstrapWalk} does. Looking at the entry
 * {@code ..} of each child would cost every look-up a search and could still be deceived by a chain.
 *
 * <p>Safe for use by several threads.
 */
public final class V6Bootstrap implements Bootstrap {
    /** Bits of a nid that EROFS can address: 2^32 blocks. */
    private static final long MAX_BLOCKS = V6Constants.MAX_U32;

    private final MemorySegment file;
    private final Runnable onClose;
    private final Superblock superblock;
    private final List<BlobInfo> blobs;
    /** End of each blob's uncompressed address space, in bytes. */
    private final long[] blobEnds;

    private final long metaOffset;
    private final int blockBits;
    private final int chunkBits;
    private final V6ChunkTable chunks;

    private V6Bootstrap(
            MemorySegment file, Runnable onClose, Superblock superblock, List<BlobInfo> blobs, V6ChunkTable chunks) {
        this.file = file;
        this.onClose = onClose;
        this.superblock = superblock;
        this.blobs = List.copyOf(blobs);
        this.chunks = chunks;
        this.metaOffset = superblock.metaBlockAddress() * superblock.blockSize();
        this.blockBits = Integer.numberOfTrailingZeros(superblock.blockSize());
        this.chunkBits = Integer.numberOfTrailingZeros(superblock.chunkSize());
        this.blobEnds = blobs.stream()
                .mapToLong(blob -> blob.features().has(BlobFeatures.EXTERNAL)
                        ? V6Constants.MAX_UNCOMPRESSED_SIZE
                        : V6Constants.roundUp(blob.uncompressedSize(), V6Constants.BLOCK_SIZE))
                .toArray();
    }

    /**
     * Tells whether {@code file} is a v6 bootstrap by its magic number; it may still be broken.
     *
     * @param file the whole file, of any length
     */
    public static boolean matches(MemorySegment file) {
        return V6Superblock.matches(file);
    }

    /**
     * Opens a bootstrap.
     *
     * @param file    the whole file, which stays readable by all threads and unchanged until {@code onClose} is called
     * @param onClose called by {@link #close()}
     * @throws RafsFormatException if the superblocks or the blob table are broken; {@code onClose} is not called then
     */
    public static V6Bootstrap open(MemorySegment file, Runnable onClose) throws RafsFormatException {
        V6Superblock head = V6Superblock.read(file);
        V6ExtendedSuperblock extended = V6ExtendedSuperblock.read(file, head.deviceCount());
        boolean tarfs = extended.flags().has(SuperblockFlags.TARTFS_MODE);
        List<BlobInfo> blobs = readBlobs(file, extended, tarfs);
        V6ChunkTable chunks = new V6ChunkTable(
                file,
                extended.chunkTableOffset(),
                extended.chunkTableSize(),
                head.blockBits(),
                extended.chunkSize(),
                blobs);
        return new V6Bootstrap(file, onClose, summary(head, extended), blobs, chunks);
    }

    private static List<BlobInfo> readBlobs(MemorySegment file, V6ExtendedSuperblock extended, boolean tarfs)
            throws RafsFormatException {
        int count = (int) (extended.blobTableSize() / V6BlobEntry.SIZE);
        // A chunk index names a blob by one byte, so more could never be used.
        if (count > V6Constants.MAX_BLOBS + 1) {
            throw new RafsFormatException("blob table", extended.blobTableOffset(), count + " blobs are too many");
        }
        List<BlobInfo> blobs = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long offset = extended.blobTableOffset() + (long) i * V6BlobEntry.SIZE;
            blobs.add(V6BlobEntry.read(file, offset, i, extended.chunkSize(), tarfs));
        }
        return blobs;
    }

    private static Superblock summary(V6Superblock head, V6ExtendedSuperblock extended) {
        boolean prefetch = extended.hasPrefetchTable();
        return new Superblock(
                V6Superblock.MAGIC,
                RafsVersion.V6,
                0,
                extended.chunkSize(),
                head.blockSize(),
                head.inodesCount(),
                extended.flags(),
                0,
                0,
                extended.blobTableOffset(),
                extended.blobTableSize(),
                0,
                0,
                V6Device.TABLE_OFFSET,
                head.deviceCount(),
                extended.prefetchTableOffset(),
                prefetch ? (int) (extended.prefetchTableSize() / Integer.BYTES) : 0,
                head.metaBlockAddress(),
                head.rootNid(),
                extended.chunkTableOffset(),
                extended.chunkTableSize());
    }

    /**
     * Returns this bootstrap with other knowledge of its blobs; closing either closes both.
     *
     * @param change gives the new value for each blob, which has the same index, features and uncompressed size
     */
    public V6Bootstrap withBlobs(UnaryOperator<BlobInfo> change) {
        return new V6Bootstrap(
                file, onClose, superblock, blobs.stream().map(change).toList(), chunks);
    }

    /**
     * Returns this bootstrap with the id that its file name gives set for those blobs that have it inlined; closing either closes
     * both.
     *
     * @param pathId base name of the bootstrap's file without extensions
     */
    public V6Bootstrap withPathId(String pathId) {
        return withBlobs(blob -> blob.features().has(BlobFeatures.INLINED_FS_META)
                ? blob.toBuilder().pathId(Optional.of(pathId)).build()
                : blob);
    }

    @Override
    public Superblock superblock() {
        return superblock;
    }

    @Override
    public List<BlobInfo> blobs() {
        return blobs;
    }

    /**
     * Returns the device table: where each blob sits in the block space of a kernel mount, by blob index.
     *
     * @throws RafsFormatException if a slot is broken, two are of one blob, or their number is not that of the blobs
     */
    public List<V6Device> devices() throws RafsFormatException {
        int count = superblock.blobDeviceTableCount();
        if (count != blobs.size()) {
            throw new RafsFormatException(
                    "device table", V6Device.TABLE_OFFSET, count + " devices for " + blobs.size() + " blobs");
        }
        List<V6Device> devices = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long offset = V6Device.TABLE_OFFSET + (long) i * V6Device.SIZE;
            V6Device device = V6Device.read(file, offset);
            for (V6Device other : devices) {
                if (other.blobId().equals(device.blobId())) {
                    throw new RafsFormatException("device slot", offset, "blob " + device.blobId() + " has two slots");
                }
            }
            devices.add(device);
        }
        return List.copyOf(devices);
    }

    @Override
    public long rootIno() {
        return superblock.rootNid();
    }

    @Override
    public long maxIno() {
        return (MAX_BLOCKS << blockBits) / SLOT_SIZE;
    }

    @Override
    public Inode root() throws RafsFormatException {
        V6InodeView root = inode(rootIno());
        if (!root.isDirectory()) {
            throw new RafsFormatException("inode " + rootIno(), root.offset(), "the root is no directory");
        }
        return root;
    }

    @Override
    public InodeReader reader() {
        return new V6InodeReader(this);
    }

    @Override
    public V6InodeView inode(long ino) throws RafsFormatException {
        return inode(ino, null);
    }

    /** Returns an inode, see {@link #inode(long)}; {@code reader}, unless it is null, lends it its memory. */
    V6InodeView inode(long ino, @Nullable V6InodeReader reader) throws RafsFormatException {
        // Slot 0 of the area is never an inode, which keeps 0 free to mean "none".
        if (ino <= 0 || ino > (file.byteSize() - metaOffset) / SLOT_SIZE) {
            throw new RafsFormatException("inode " + ino, -1, "there is no such inode in this image");
        }
        return V6InodeView.open(this, ino, metaOffset + ino * SLOT_SIZE, reader);
    }

    @Override
    public List<Long> prefetchTable() {
        List<Long> nids = new ArrayList<>(superblock.prefetchTableEntries());
        for (int i = 0; i < superblock.prefetchTableEntries(); i++) {
            nids.add(V6Constants.u32(file, superblock.prefetchTableOffset() + (long) i * Integer.BYTES));
        }
        return nids;
    }

    @Override
    public long mappedBlockAddress(int blobIndex) {
        Objects.checkIndex(blobIndex, blobs.size());
        // Images of old builders have fewer slots than blobs; the superblock was checked to have room for its slots.
        return blobIndex < superblock.blobDeviceTableCount()
                ? V6Device.mappedBlock(file, V6Device.TABLE_OFFSET + (long) blobIndex * V6Device.SIZE)
                : 0;
    }

    @Override
    public void forEachChunk(Consumer<ChunkRecord> consumer) throws RafsFormatException {
        for (int i = 0; i < chunks.size(); i++) {
            consumer.accept(chunks.record(i));
        }
    }

    /** Returns the size of the file in bytes. */
    @Override
    public long byteSize() {
        return file.byteSize();
    }

    @Override
    public void close() {
        onClose.run();
    }

    /** Returns the whole bootstrap as it is stored; valid until this is closed. */
    public MemorySegment file() {
        return file;
    }

    /** Returns the binary logarithm of the block size. */
    int blockBits() {
        return blockBits;
    }

    /** Returns the binary logarithm of the chunk size. */
    int chunkBits() {
        return chunkBits;
    }

    V6ChunkTable chunks() {
        return chunks;
    }

    /** Returns where the uncompressed address space of a blob ends, in bytes, or -1 if there is no such blob. */
    long blobEnd(int blobIndex) {
        return blobIndex >= 0 && blobIndex < blobEnds.length ? blobEnds[blobIndex] : -1;
    }
}
