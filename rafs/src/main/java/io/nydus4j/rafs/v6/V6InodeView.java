package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.CHUNK_INDEX_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.fits;
import static io.nydus4j.rafs.v6.V6Constants.i64;
import static io.nydus4j.rafs.v6.V6Constants.roundUp;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.LittleEndian;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.DirectoryVisitor;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.FileWindow;
import io.nydus4j.rafs.Inode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * An inode of a v6 bootstrap. Keeps its place, a copy of the inode itself and the length of its head, no more.
 *
 * <p>A regular file is followed by chunk indexes, aligned to 8 bytes:
 * <pre>
 *   off size name
 *     0    2 index of the chunk in its blob, low 16 bits
 *     2    1 blob index + 1
 *     3    1 index of the chunk in its blob, high 8 bits
 *     4    4 start of the chunk in its blob's uncompressed address space, in blocks
 * </pre>
 * Mirrors {@code RafsV6InodeChunkAddr} of the reference. The content of directories and links is in blocks, see {@link #blockStart}.
 */
final class V6InodeView implements Inode {
    /** Greatest length of a link target, in bytes: what a builder accepts. */
    private static final int MAX_TARGET = 0xFFFF;

    private final V6Bootstrap image;
    private final MemorySegment file;
    private final long nid;
    private final long offset;
    /** The inode itself. */
    private final byte[] inode;
    /** Length of the inode and its xattrs, in bytes. */
    private final int headSize;
    /** Lends memory to who reads many inodes; null for a view of its own. */
    private final @Nullable V6InodeReader reader;

    private V6InodeView(
            V6Bootstrap image, long nid, long offset, byte[] inode, int headSize, @Nullable V6InodeReader reader) {
        this.image = image;
        this.file = image.file();
        this.nid = nid;
        this.offset = offset;
        this.inode = inode;
        this.headSize = headSize;
        this.reader = reader;
    }

    /**
     * Makes a view of the inode at {@code offset} and checks its own fields: that it, its xattrs and its chunk indexes are in the
     * file, that its layout is the one for its type, and its size possible.
     *
     * @param reader lends the view its memory; null for a view of its own
     * @throws RafsFormatException if a check fails
     */
    static V6InodeView open(V6Bootstrap image, long nid, long offset, @Nullable V6InodeReader reader)
            throws RafsFormatException {
        MemorySegment file = image.file();
        long fileSize = file.byteSize();
        if (!fits(offset, V6Inode.COMPACT_SIZE, fileSize)) {
            throw broken(nid, offset, "the inode is past the end of the file");
        }
        byte[] inode = reader == null ? V6Inode.read(file, offset) : reader.inodeAt(offset);
        int headSize = V6Inode.headerSize(inode) + V6Inode.xattrSize(inode);
        if (!fits(offset, headSize, fileSize)) {
            throw broken(nid, offset, "the inode with its xattrs is past the end of the file");
        }
        V6InodeView view = new V6InodeView(image, nid, offset, inode, headSize, reader);
        view.check(fileSize);
        return view;
    }

    private void check(long fileSize) throws RafsFormatException {
        long size = size();
        if (!V6Inode.isKnownFormat(inode) || size < 0) {
            throw broken("unknown format, or impossible size " + Long.toUnsignedString(size));
        }
        int layout = V6Inode.layout(inode);
        boolean good = switch (FileMode.type(mode())) {
            case FileMode.REGULAR ->
                size == 0 || (layout == V6Inode.CHUNK_BASED && chunksOf(size) <= maxChunks(fileSize));
            case FileMode.DIRECTORY -> isFlat(layout) && size <= fileSize;
            case FileMode.SYMLINK -> isFlat(layout) && size <= MAX_TARGET;
            default -> true;
        };
        if (!good) {
            throw broken("mode 0" + Integer.toOctalString(mode()) + ", data layout " + layout + " and size " + size
                    + " do not go together in this file");
        }
    }

    /** Returns the number of chunk indexes that there is room for before the end of the file. */
    private long maxChunks(long fileSize) {
        return Math.min((fileSize - chunkIndexes()) / CHUNK_INDEX_SIZE, Integer.MAX_VALUE);
    }

    private static boolean isFlat(int layout) {
        return layout == V6Inode.FLAT_PLAIN || layout == V6Inode.FLAT_INLINE;
    }

    private RafsFormatException broken(String problem) {
        return broken(nid, offset, problem);
    }

    private static RafsFormatException broken(long nid, long offset, String problem) {
        return new RafsFormatException("inode " + nid, offset, problem);
    }

    /** Returns where the inode starts in the file, in bytes. */
    long offset() {
        return offset;
    }

    MemorySegment file() {
        return file;
    }

    /** Returns what shows blocks of the content to who goes through them. */
    FileWindow blockWindow() {
        return reader == null ? new FileWindow(file, 1) : reader.blocks();
    }

    V6Bootstrap image() {
        return image;
    }

    @Override
    public long ino() {
        return nid;
    }

    @Override
    public int mode() {
        return V6Inode.mode(inode);
    }

    @Override
    public int uid() {
        return V6Inode.uid(inode);
    }

    @Override
    public int gid() {
        return V6Inode.gid(inode);
    }

    @Override
    public int projectId() {
        return 0;
    }

    @Override
    public int linkCount() {
        return V6Inode.linkCount(inode);
    }

    @Override
    public long size() {
        return V6Inode.size(inode);
    }

    @Override
    public long blocks() {
        long size = size();
        return (size >>> 9) + ((size & 511) == 0 ? 0 : 1);
    }

    @Override
    public int rdev() {
        return switch (FileMode.type(mode())) {
            case FileMode.REGULAR, FileMode.DIRECTORY, FileMode.SYMLINK -> 0;
            default -> V6Inode.union(inode);
        };
    }

    @Override
    public long mtimeSeconds() {
        return V6Inode.mtimeSeconds(inode);
    }

    @Override
    public int mtimeNanos() {
        return V6Inode.mtimeNanos(inode);
    }

    // --- xattrs

    @Override
    public boolean hasXattrs() {
        return V6Inode.xattrSize(inode) != 0;
    }

    /** Returns where the first xattr entry starts, which is the end of the area if there is none. */
    private long firstXattr() throws RafsFormatException {
        if (!hasXattrs()) {
            return offset + headSize;
        }
        long area = offset + V6Inode.headerSize(inode);
        V6Xattr.checkHeader(file, area);
        return area + V6Xattr.HEADER_SIZE;
    }

    @Override
    public byte @Nullable [] xattr(byte[] name) throws RafsFormatException {
        long end = offset + headSize;
        for (long entry = firstXattr(); entry < end; entry = V6Xattr.next(file, entry)) {
            V6Xattr.checkEntry(file, entry, end);
            if (V6Xattr.isNamed(file, entry, name)) {
                return V6Xattr.value(file, entry);
            }
        }
        return null;
    }

    @Override
    public List<byte[]> xattrNames() throws RafsFormatException {
        List<byte[]> names = new ArrayList<>();
        long end = offset + headSize;
        for (long entry = firstXattr(); entry < end; entry = V6Xattr.next(file, entry)) {
            V6Xattr.checkEntry(file, entry, end);
            names.add(V6Xattr.name(file, entry));
        }
        return names;
    }

    @Override
    public void forEachXattr(BiConsumer<byte[], byte[]> consumer) throws RafsFormatException {
        long end = offset + headSize;
        for (long entry = firstXattr(); entry < end; entry = V6Xattr.next(file, entry)) {
            V6Xattr.checkEntry(file, entry, end);
            consumer.accept(V6Xattr.name(file, entry), V6Xattr.value(file, entry));
        }
    }

    // --- content of directories and links

    /** Returns the number of blocks of the content of a directory or link, the last one perhaps not full. */
    long blockCount() {
        long size = size();
        return (size + blockSize() - 1) >>> image.blockBits();
    }

    private int blockSize() {
        return 1 << image.blockBits();
    }

    /** Returns the length in bytes of a block of the content: the block size but for the last. */
    int blockLength(long block) {
        return (int) Math.min(blockSize(), size() - (block << image.blockBits()));
    }

    /**
     * Returns where a block of the content starts in the file. In the plain layout all blocks follow each other from the block that
     * the inode names; in the inline layout the last one follows the inode.
     *
     * @param block from 0 to {@link #blockCount()} - 1
     * @throws RafsFormatException if it does not lie in the file
     */
    long blockStart(long block) throws RafsFormatException {
        boolean inline = V6Inode.layout(inode) == V6Inode.FLAT_INLINE && block == blockCount() - 1;
        long start = inline
                ? offset + headSize
                : (Integer.toUnsignedLong(V6Inode.union(inode)) + block) << image.blockBits();
        if (!fits(start, blockLength(block), file.byteSize())) {
            throw broken("block " + block + " of its content is past the end of the file");
        }
        return start;
    }

    @Override
    public byte[] symlinkTarget() throws RafsFormatException {
        byte[] target = targetInBlocks();
        if (!hasZero(target)) {
            return target;
        }
        // The reference writes a target that is inlined and longer than a block behind the inode as a whole.
        long whole = offset + headSize;
        if (V6Inode.layout(inode) == V6Inode.FLAT_INLINE && fits(whole, target.length, file.byteSize())) {
            copy(whole, target, 0, target.length);
        }
        if (hasZero(target)) {
            throw broken("its link target has a zero byte");
        }
        return target;
    }

    @Override
    public boolean isTargetInPlace() throws RafsFormatException {
        return !hasZero(targetInBlocks());
    }

    /** Returns what lies where a kernel looks for the target. */
    private byte[] targetInBlocks() throws RafsFormatException {
        if (!isSymlink()) {
            throw broken("this is no symbolic link");
        }
        byte[] target = new byte[(int) size()];
        for (long block = 0; block < blockCount(); block++) {
            int position = (int) (block << image.blockBits());
            copy(blockStart(block), target, position, blockLength(block));
        }
        return target;
    }

    private void copy(long start, byte[] target, int position, int length) {
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, start, target, position, length);
    }

    private static boolean hasZero(byte[] bytes) {
        for (byte b : bytes) {
            if (b == 0) {
                return true;
            }
        }
        return false;
    }

    @Override
    public int childCount() throws RafsFormatException {
        return isDirectory() ? V6Directory.childCount(this) : 0;
    }

    @Override
    public @Nullable Inode child(byte[] name) throws RafsFormatException {
        if (!isDirectory()) {
            return null;
        }
        long child = V6Directory.find(this, name);
        return child == V6Directory.ABSENT ? null : image.inode(child);
    }

    @Override
    public void walk(long startOffset, DirectoryVisitor visitor) throws RafsFormatException {
        if (!isDirectory()) {
            throw broken("this is no directory");
        }
        V6Directory.walk(this, startOffset, visitor);
    }

    // --- chunks

    private long chunksOf(long size) {
        return (size >>> image.chunkBits()) + ((size & (1L << image.chunkBits()) - 1) == 0 ? 0 : 1);
    }

    /** Returns where the chunk indexes start. */
    private long chunkIndexes() {
        return roundUp(offset + headSize, CHUNK_INDEX_SIZE);
    }

    /** Returns where a chunk index is. */
    private long chunkIndexOffset(int position) {
        return chunkIndexes() + (long) Objects.checkIndex(position, chunkCount()) * CHUNK_INDEX_SIZE;
    }

    /** Returns a chunk index, all 8 bytes of it. */
    private long chunkIndex(int position) {
        long start = chunkIndexOffset(position);
        if (reader == null) {
            return i64(file, start);
        }
        FileWindow window = reader.window();
        int at = window.at(start, CHUNK_INDEX_SIZE);
        return LittleEndian.longAt(window.bytes(), at);
    }

    @Override
    public int chunkCount() {
        return isRegular() ? (int) chunksOf(size()) : 0;
    }

    @Override
    public int chunkBlobIndex(int position) throws RafsFormatException {
        return blobIndex(position, chunkIndex(position));
    }

    private int blobIndex(int position, long chunkIndex) throws RafsFormatException {
        int blob = (int) (chunkIndex >>> 16 & 0xFF) - 1;
        if (image.blobEnd(blob) < 0) {
            throw new RafsFormatException(chunkName(position), chunkIndexOffset(position), "there is no blob " + blob);
        }
        return blob;
    }

    @Override
    public long chunkBlobOffset(int position) throws RafsFormatException {
        return blobOffset(position, chunkIndex(position));
    }

    private long blobOffset(int position, long chunkIndex) throws RafsFormatException {
        int blob = blobIndex(position, chunkIndex);
        long start = (chunkIndex >>> 32) << image.blockBits();
        int length = chunkLength(position);
        if (!fits(start, length, image.blobEnd(blob))) {
            throw new RafsFormatException(
                    chunkName(position),
                    chunkIndexOffset(position),
                    length + " bytes at " + start + " are past the end of blob " + blob);
        }
        return start;
    }

    @Override
    public long chunkFileOffset(int position) {
        return (long) Objects.checkIndex(position, chunkCount()) << image.chunkBits();
    }

    @Override
    public int chunkLength(int position) {
        return (int) Math.min(1L << image.chunkBits(), size() - chunkFileOffset(position));
    }

    @Override
    public ChunkRecord chunk(int position) throws RafsFormatException {
        long chunkIndex = chunkIndex(position);
        long start = blobOffset(position, chunkIndex);
        ChunkRecord chunk = recordedChunk(position, chunkIndex, start);
        int length = chunkLength(position);
        if (chunk.uncompressedOffset() != start || chunk.uncompressedSize() != length) {
            throw new RafsFormatException(
                    chunkName(position),
                    chunkIndexOffset(position),
                    "its record in the chunk table has " + Integer.toUnsignedLong(chunk.uncompressedSize())
                            + " bytes at " + chunk.uncompressedOffset() + ", not " + length + " at " + start);
        }
        return chunk;
    }

    @Override
    public ChunkRecord recordedChunk(int position) throws RafsFormatException {
        long chunkIndex = chunkIndex(position);
        return recordedChunk(position, chunkIndex, blobOffset(position, chunkIndex));
    }

    private ChunkRecord recordedChunk(int position, long chunkIndex, long start) throws RafsFormatException {
        int blob = blobIndex(position, chunkIndex);
        int index = (int) (chunkIndex & 0xFFFF | chunkIndex >>> 8 & 0xFF_0000);
        if (image.superblock().tarfs()) {
            // The table has one record for each blob only, and nothing is in it that the index has not.
            int length = chunkLength(position);
            return new ChunkRecord(Digest.ZERO, blob, 0, length, length, start, start, 0, index, 0);
        }
        V6ChunkTable table = image.chunks();
        FileWindow records = reader == null ? table.window() : reader.chunkRecords();
        ChunkRecord record = table.find(blob, index, start >>> image.blockBits(), records);
        if (record == null) {
            throw new RafsFormatException(
                    chunkName(position),
                    chunkIndexOffset(position),
                    "the chunk table has no record for chunk " + index + " of blob " + blob);
        }
        return record;
    }

    private String chunkName(int position) {
        return "chunk " + position + " of inode " + nid;
    }

    @Override
    public String toString() {
        return "inode " + nid;
    }
}
