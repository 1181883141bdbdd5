package io.nydus4j.rafs.v5;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.InodeReader;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.Superblock;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A v5 bootstrap, read in place.
 *
 * <p>Opening checks the superblock and reads the blob tables; everything else is checked when it is read. Safe for use by several
 * threads.
 */
public final class V5Bootstrap implements Bootstrap {
    /** The bits that {@link BlobFeatures} names and an image may store. */
    private static final int KNOWN_FEATURES = 0x7000_0FFF;

    private final MemorySegment file;
    private final Runnable onClose;
    private final V5Superblock layout;
    private final Superblock superblock;
    private final V5InodeTable inodeTable;
    private final List<BlobInfo> blobs;

    private V5Bootstrap(MemorySegment file, Runnable onClose, V5Superblock layout) throws RafsFormatException {
        this.file = file;
        this.onClose = onClose;
        this.layout = layout;
        this.superblock = layout.summary();
        this.inodeTable = new V5InodeTable(file, layout.inodeTableOffset(), layout.inodeTableEntries());
        this.blobs = readBlobs(file, layout);
    }

    /** Tells whether {@code file} starts like a v5 bootstrap. */
    public static boolean matches(MemorySegment file) {
        return V5Superblock.matches(file);
    }

    /**
     * Opens a bootstrap.
     *
     * @param file    the whole bootstrap, which nobody changes; stays alive until {@code onClose} runs
     * @param onClose run by {@link #close()}, to let go of the memory; not run if this fails
     * @throws RafsFormatException if the superblock or the blob tables are broken
     */
    public static V5Bootstrap open(MemorySegment file, Runnable onClose) throws RafsFormatException {
        return new V5Bootstrap(file, onClose, V5Superblock.read(file));
    }

    private static List<BlobInfo> readBlobs(MemorySegment file, V5Superblock layout) throws RafsFormatException {
        List<V5BlobTable.Entry> entries =
                V5BlobTable.read(file, layout.blobTableOffset(), Integer.toUnsignedLong(layout.blobTableSize()));
        long extended =
                layout.extendedBlobTableOffset() > 0 ? Integer.toUnsignedLong(layout.extendedBlobTableEntries()) : 0;
        if (extended != 0 && extended < entries.size()) {
            throw new RafsFormatException(
                    V5ExtendedBlobEntry.TABLE,
                    layout.extendedBlobTableOffset(),
                    "expected " + entries.size() + " entries, found " + extended);
        }
        List<BlobInfo> blobs = new ArrayList<>(entries.size());
        for (V5BlobTable.Entry entry : entries) {
            BlobInfo.Builder blob = BlobInfo.builder()
                    .id(entry.id())
                    .index(blobs.size())
                    .chunkSize(layout.blockSize())
                    .compression(layout.flags().compression())
                    .digestAlgorithm(layout.flags().digestAlgorithm())
                    .prefetchSize(Integer.toUnsignedLong(entry.prefetchSize()));
            if (extended != 0) {
                long offset = layout.extendedBlobTableOffset() + (long) blobs.size() * V5ExtendedBlobEntry.SIZE;
                addExtension(blob, V5ExtendedBlobEntry.read(file, offset), offset);
            }
            blobs.add(blob.build());
        }
        return List.copyOf(blobs);
    }

    private static void addExtension(BlobInfo.Builder blob, V5ExtendedBlobEntry entry, long offset)
            throws RafsFormatException {
        if (entry.uncompressedSize() < 0 || entry.compressedSize() < 0) {
            throw new RafsFormatException(
                    V5ExtendedBlobEntry.TABLE,
                    offset,
                    "invalid sizes " + Long.toUnsignedString(entry.compressedSize()) + " and "
                            + Long.toUnsignedString(entry.uncompressedSize()));
        }
        blob.chunkCount(entry.chunkCount())
                .features(acceptedFeatures(entry.features(), offset))
                .uncompressedSize(entry.uncompressedSize())
                .compressedSize(entry.compressedSize());
    }

    /** Returns the features as stored, or those of them that are known if there are any that a strict loader refuses. */
    private static BlobFeatures acceptedFeatures(BlobFeatures features, long offset) {
        try {
            features.validate(V5ExtendedBlobEntry.TABLE, offset);
            return features;
        } catch (RafsFormatException e) {
            System.getLogger(V5Bootstrap.class.getName()).log(System.Logger.Level.WARNING, e.getMessage());
            return new BlobFeatures(features.bits() & KNOWN_FEATURES);
        }
    }

    /** Returns the superblock as stored. */
    public V5Superblock layout() {
        return layout;
    }

    MemorySegment file() {
        return file;
    }

    V5InodeTable inodeTable() {
        return inodeTable;
    }

    int chunkSize() {
        return layout.blockSize();
    }

    /** Returns the size of a blob's uncompressed address space in bytes, or the largest number if the image does not tell. */
    long uncompressedSize(int blobIndex) {
        long size = blobs.get(blobIndex).uncompressedSize();
        return size == 0 ? Long.MAX_VALUE : size;
    }

    @Override
    public Superblock superblock() {
        return superblock;
    }

    @Override
    public List<BlobInfo> blobs() {
        return blobs;
    }

    @Override
    public long rootIno() {
        return V5Format.ROOT_INO;
    }

    @Override
    public long maxIno() {
        return inodeTable.entries();
    }

    @Override
    public V5InodeView inode(long ino) throws RafsFormatException {
        return V5InodeView.open(this, ino);
    }

    @Override
    public InodeReader reader() {
        return new V5InodeReader(this);
    }

    @Override
    public V5InodeView root() throws RafsFormatException {
        return inode(V5Format.ROOT_INO);
    }

    @Override
    public byte[] path(long ino) throws RafsFormatException {
        V5InodeView inode = inode(ino);
        if (inode.index() == V5Format.ROOT_INO) {
            return inode.name();
        }
        List<byte[]> names = new ArrayList<>();
        // Parents have smaller numbers, so this ends.
        while (inode.index() != V5Format.ROOT_INO) {
            names.add(inode.name());
            inode = inode(inode.parentIno());
        }
        return RafsPaths.join(names.reversed());
    }

    @Override
    public List<Long> prefetchTable() throws RafsFormatException {
        return V5PrefetchTable.read(file, layout.prefetchTableOffset(), layout.prefetchTableEntries());
    }

    @Override
    public long mappedBlockAddress(int blobIndex) {
        return 0;
    }

    /**
     * Recomputes the digests of all directories, regular files and symbolic links, from what the image says of their chunks, targets
     * and children. Reads no data. Takes time in proportion to the size of the bootstrap.
     *
     * @throws RafsFormatException if one differs from what is stored, or an inode is broken
     */
    public void validateDigests() throws RafsFormatException {
        new V5DigestCheck(this).run();
    }

    /**
     * Opens every inode once, and checks what opening leaves to the reading: names, children, the number of chunks and blocks of
     * regular files.
     *
     * @throws RafsFormatException if one is broken
     */
    public void validateInodes() throws RafsFormatException {
        for (int index = 1; index <= inodeTable.entries(); index++) {
            V5InodeView inode = inode(index);
            V5InodeCheck.check(inode, chunkSize());
            for (int i = 0; i < inode.childCount(); i++) {
                inode.childAt(i);
            }
        }
    }

    @Override
    public void forEachChunk(Consumer<ChunkRecord> consumer) throws RafsFormatException {
        boolean listed = isChunkDictionary();
        for (int index = 1; index <= inodeTable.entries(); index++) {
            V5InodeView inode = inode(index);
            // The other names of a file repeat its chunks.
            if (inode.ino() == index) {
                for (int i = 0; i < inode.chunkCount(); i++) {
                    consumer.accept(listed ? inode.listedChunk(i) : inode.chunk(i));
                }
            }
        }
    }

    @Override
    public long byteSize() {
        return file.byteSize();
    }

    @Override
    public void close() {
        onClose.run();
    }
}
