package io.nydus4j.rafs.v5;

import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.LittleEndian;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.DirectoryVisitor;
import io.nydus4j.rafs.FileMode;
import io.nydus4j.rafs.FileWindow;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.tree.Xattr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A view of one inode record of a v5 bootstrap.
 *
 * <p>Each name of a file has a record of its own, so beside what {@link Inode} promises a view knows its name and parent. Opening
 * checks what the reference's direct mode checks on each access, and more, so that no walk over a hostile image runs in circles: an
 * index is larger than its parent's, a directory is found under its own number only, and children know their directory.
 *
 * <p>The class is longer than others because the interface is: each method is a few lines.
 */
public final class V5InodeView implements Inode {
    /** Longest name that is read; very old writers stored padded lengths. */
    private static final int MAX_NAME_SIZE = 256;

    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final V5Bootstrap bootstrap;
    private final MemorySegment file;
    private final int index;
    /** The fixed part of the record. */
    private final byte[] head;
    /** Start of the record. */
    private final long record;
    /** Start of the xattr header, whether there is one or not. */
    private final long xattrs;
    /** End of the xattrs and start of the chunk records. */
    private final long chunks;
    /** Shows parts of the file to who reads many inodes; null for a view of its own. */
    private final @Nullable FileWindow window;

    private V5InodeView(
            V5Bootstrap bootstrap,
            int index,
            byte[] head,
            long record,
            long xattrs,
            long chunks,
            @Nullable FileWindow window) {
        this.bootstrap = bootstrap;
        this.file = bootstrap.file();
        this.index = index;
        this.head = head;
        this.record = record;
        this.xattrs = xattrs;
        this.chunks = chunks;
        this.window = window;
    }

    /**
     * Opens and checks the record of a name.
     *
     * @param number index of the name, unsigned
     * @throws RafsFormatException if there is no such name, or its record is broken
     */
    static V5InodeView open(V5Bootstrap bootstrap, long number) throws RafsFormatException {
        return open(bootstrap, number, null);
    }

    /**
     * Opens and checks the record of a name.
     *
     * @param number index of the name, unsigned
     * @param reader lends the view its memory; null for a view of its own
     * @throws RafsFormatException if there is no such name, or its record is broken
     */
    static V5InodeView open(V5Bootstrap bootstrap, long number, @Nullable V5InodeReader reader)
            throws RafsFormatException {
        long record = bootstrap.inodeTable().recordOffset(number);
        int index = (int) number;
        MemorySegment file = bootstrap.file();
        if (record > file.byteSize() - V5Inode.SIZE) {
            throw broken(index, record, "its record passes the end of the file");
        }
        byte[] head = reader == null ? V5Inode.read(file, record) : reader.head(record);
        int nameSize = LittleEndian.shortAt(head, V5Inode.NAME_SIZE);
        int symlinkSize = LittleEndian.shortAt(head, V5Inode.SYMLINK_SIZE);
        long xattrs = record + V5Inode.SIZE + V5Format.align(nameSize) + V5Format.align(symlinkSize);
        long chunks = xattrs;
        if ((LittleEndian.longAt(head, V5Inode.FLAGS) & V5Inode.XATTR) != 0) {
            if (xattrs > file.byteSize() - V5Xattrs.HEADER_SIZE) {
                throw broken(index, record, "its xattrs pass the end of the file");
            }
            long size = V5Inode.longAt(file, xattrs, 0);
            if (size < 0 || size > V5Xattrs.MAX_SIZE) {
                throw broken(
                        index,
                        xattrs,
                        "expected at most " + V5Xattrs.MAX_SIZE + " bytes of xattrs, found "
                                + Long.toUnsignedString(size));
            }
            chunks += V5Xattrs.HEADER_SIZE + V5Format.align(size);
        }
        V5InodeView view = new V5InodeView(
                bootstrap, index, head, record, xattrs, chunks, reader == null ? null : reader.window());
        view.check(nameSize, symlinkSize);
        return view;
    }

    private void check(int nameSize, int symlinkSize) throws RafsFormatException {
        int entries = bootstrap.inodeTable().entries();
        long ino = ino();
        if (ino <= 0 || ino > entries) {
            throw broken("invalid inode number " + Long.toUnsignedString(ino) + ", max " + entries);
        }
        if (linkCount() == 0) {
            throw broken("it has no links");
        }
        if (nameSize == 0 || nameSize > MAX_NAME_SIZE) {
            throw broken("expected a name of 1 to " + MAX_NAME_SIZE + " bytes, found " + nameSize);
        }
        if (size() < 0) {
            throw broken("invalid size " + Long.toUnsignedString(size()));
        }
        long parent = parentIno();
        if (index == V5Format.ROOT_INO ? parent != 0 : parent <= 0 || parent >= index) {
            throw broken("invalid parent " + Long.toUnsignedString(parent));
        }
        if (!isHardLink() && parent >= ino) {
            throw broken("invalid parent " + parent + " of inode " + ino);
        }
        long end = chunks;
        if (isRegular()) {
            end += Integer.toUnsignedLong(rawChildCount()) * ChunkRecord.SIZE;
        }
        if (end > file.byteSize()) {
            throw broken("its " + (end - record) + " bytes pass the end of the file");
        }
        if (isSymlink() && symlinkSize == 0) {
            throw broken("a symbolic link without a target");
        }
        if (ino != index) {
            checkFirstName(ino);
        }
        if (isDirectory()) {
            checkChildren(ino, entries);
        }
    }

    /** Checks a further name of a file against the record that its number leads to. */
    private void checkFirstName(long ino) throws RafsFormatException {
        if (isDirectory() || ino > index) {
            throw broken("expected inode number " + index + ", found " + ino);
        }
        long first = bootstrap.inodeTable().recordOffset(ino);
        if (first > file.byteSize() - V5Inode.SIZE
                || V5Inode.longAt(file, first, V5Inode.INO) != ino
                || FileMode.type(V5Inode.intAt(file, first, V5Inode.MODE)) != FileMode.type(mode())) {
            throw broken("inode " + ino + " is not the file that this is another name of");
        }
    }

    private void checkChildren(long ino, int entries) throws RafsFormatException {
        long count = Integer.toUnsignedLong(rawChildCount());
        if (count == 0) {
            return;
        }
        long first = Integer.toUnsignedLong(LittleEndian.intAt(head, V5Inode.CHILD_INDEX));
        if (first <= ino || count >= entries || first + count - 1 > entries) {
            throw broken("invalid children: " + count + " from " + first + " of " + entries);
        }
    }

    private RafsFormatException broken(String problem) {
        return broken(index, record, problem);
    }

    private static RafsFormatException broken(int index, long offset, String problem) {
        return new RafsFormatException("inode " + index, offset, problem);
    }

    /** Returns the index of this name, from 1 for the root. */
    public int index() {
        return index;
    }

    /** Returns where the record starts in the bootstrap, in bytes. */
    public long recordOffset() {
        return record;
    }

    /** Returns the length of the record in bytes. */
    public long recordSize() {
        return chunkRecordOffset(chunkCount()) - record;
    }

    /** Returns the number of the directory that holds this name; 0 for the root. */
    public long parentIno() {
        return LittleEndian.longAt(head, V5Inode.PARENT);
    }

    /** Returns the length of the name as stored, in bytes. */
    public int nameSize() {
        return LittleEndian.shortAt(head, V5Inode.NAME_SIZE);
    }

    /** Returns the length of the symbolic link's target as stored, in bytes. */
    public int symlinkSize() {
        return LittleEndian.shortAt(head, V5Inode.SYMLINK_SIZE);
    }

    /** Returns the flags, bits of {@link V5Inode}. */
    public long flags() {
        return LittleEndian.longAt(head, V5Inode.FLAGS);
    }

    @Override
    public Digest digest() {
        return Digest.read(head, 0);
    }

    @Override
    public boolean hardLinkFlag() {
        return (flags() & V5Inode.HARDLINK) != 0;
    }

    /** Returns the index of a directory's first child, unsigned; where it would have been if there is none. */
    @Override
    public int childIndex() {
        return LittleEndian.intAt(head, V5Inode.CHILD_INDEX);
    }

    /** Returns the number of children or chunks as stored, unsigned. */
    int rawChildCount() {
        return LittleEndian.intAt(head, V5Inode.CHILD_COUNT);
    }

    /**
     * Returns the name; that of the root is {@code /}.
     *
     * @throws RafsFormatException if it is no name that a directory can hold
     */
    public byte[] name() throws RafsFormatException {
        byte[] name = new byte[nameSize()];
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, record + V5Inode.SIZE, name, 0, name.length);
        return checkedName(name, index, record);
    }

    private static byte[] checkedName(byte[] name, int index, long record) throws RafsFormatException {
        if (index != V5Format.ROOT_INO && !isFileName(name)) {
            throw broken(index, record, "its name is empty or too long, has a slash or a zero byte, or is . or ..");
        }
        return name;
    }

    private static boolean isFileName(byte[] name) {
        if (name.length == 0 || name.length > MAX_NAME_SIZE) {
            return false;
        }
        for (byte letter : name) {
            if (letter == '/' || letter == 0) {
                return false;
            }
        }
        return name[0] != '.' || name.length > 2 || (name.length == 2 && name[1] != '.');
    }

    @Override
    public long ino() {
        return LittleEndian.longAt(head, V5Inode.INO);
    }

    @Override
    public int mode() {
        return LittleEndian.intAt(head, V5Inode.MODE);
    }

    @Override
    public int uid() {
        return LittleEndian.intAt(head, V5Inode.UID);
    }

    @Override
    public int gid() {
        return LittleEndian.intAt(head, V5Inode.GID);
    }

    @Override
    public int projectId() {
        return LittleEndian.intAt(head, V5Inode.PROJECT_ID);
    }

    @Override
    public int linkCount() {
        return LittleEndian.intAt(head, V5Inode.LINK_COUNT);
    }

    @Override
    public long size() {
        return LittleEndian.longAt(head, V5Inode.FILE_SIZE);
    }

    @Override
    public long blocks() {
        return LittleEndian.longAt(head, V5Inode.BLOCKS);
    }

    @Override
    public int rdev() {
        return LittleEndian.intAt(head, V5Inode.RDEV);
    }

    @Override
    public long mtimeSeconds() {
        return LittleEndian.longAt(head, V5Inode.MTIME);
    }

    @Override
    public int mtimeNanos() {
        return LittleEndian.intAt(head, V5Inode.MTIME_NANOS);
    }

    @Override
    public boolean hasXattrs() {
        return (flags() & V5Inode.XATTR) != 0;
    }

    /** Returns the length of the xattr pairs, in bytes; 0 if there is no xattr area. */
    long xattrSize() {
        return hasXattrs() ? V5Inode.longAt(file, xattrs, 0) : 0;
    }

    @Override
    public byte @Nullable [] xattr(byte[] name) throws RafsFormatException {
        return hasXattrs() ? V5Xattrs.find(file, xattrs + V5Xattrs.HEADER_SIZE, xattrSize(), name) : null;
    }

    @Override
    public List<byte[]> xattrNames() throws RafsFormatException {
        return hasXattrs() ? V5Xattrs.names(file, xattrs + V5Xattrs.HEADER_SIZE, xattrSize()) : List.of();
    }

    @Override
    public void forEachXattr(BiConsumer<byte[], byte[]> consumer) throws RafsFormatException {
        xattrs().forEach(xattr -> consumer.accept(xattr.name(), xattr.value()));
    }

    /** Returns all xattrs in stored order. */
    public List<Xattr> xattrs() throws RafsFormatException {
        return hasXattrs() ? V5Xattrs.read(file, xattrs + V5Xattrs.HEADER_SIZE, xattrSize()) : List.of();
    }

    @Override
    public byte[] symlinkTarget() throws RafsFormatException {
        if (!isSymlink()) {
            throw broken("it is no symbolic link");
        }
        return symlinkSegment().toArray(ValueLayout.JAVA_BYTE);
    }

    /** Returns the bytes of the target; there is one. */
    MemorySegment symlinkSegment() {
        return file.asSlice(record + V5Inode.SIZE + V5Format.align(nameSize()), symlinkSize());
    }

    @Override
    public int childCount() {
        return isDirectory() ? rawChildCount() : 0;
    }

    /**
     * Returns the child at a position in name order.
     *
     * @param position from 0 to {@link #childCount()} - 1
     * @throws RafsFormatException if there is no such child, or it is broken or not a child of this directory
     */
    public V5InodeView childAt(int position) throws RafsFormatException {
        if (position < 0 || position >= childCount()) {
            throw broken("it has no child " + position);
        }
        V5InodeView child = open(bootstrap, childIndex() + (long) position);
        checkParent(child.index, child.record, child.parentIno());
        return child;
    }

    @Override
    public @Nullable V5InodeView child(byte[] name) throws RafsFormatException {
        int low = 0;
        int high = childCount() - 1;
        MemorySegment wanted = MemorySegment.ofArray(name);
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = compareName(childIndex() + (long) middle, wanted);
            if (order == 0) {
                return childAt(middle);
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return null;
    }

    /** Compares the name of another record with {@code wanted}, as bytes. */
    private int compareName(long otherIndex, MemorySegment wanted) throws RafsFormatException {
        long other = namedRecord(otherIndex);
        long name = other + V5Inode.SIZE;
        int size = V5Inode.shortAt(file, other, V5Inode.NAME_SIZE);
        long difference = MemorySegment.mismatch(file, name, name + size, wanted, 0, wanted.byteSize());
        if (difference < 0) {
            return 0;
        }
        if (difference == size || difference == wanted.byteSize()) {
            return Long.compare(size, wanted.byteSize());
        }
        return Byte.compareUnsigned(
                file.get(ValueLayout.JAVA_BYTE, name + difference), wanted.get(ValueLayout.JAVA_BYTE, difference));
    }

    /** Returns where the record of another name starts, of which the fixed part and the name lie in the file. */
    private long namedRecord(long otherIndex) throws RafsFormatException {
        long other = otherRecord(otherIndex);
        checkEnd(otherIndex, other, V5Inode.SIZE + V5Inode.shortAt(file, other, V5Inode.NAME_SIZE));
        return other;
    }

    /** Returns where the record of another name starts, of which the fixed part lies in the file. */
    private long otherRecord(long otherIndex) throws RafsFormatException {
        long other = bootstrap.inodeTable().recordOffset(otherIndex);
        checkEnd(otherIndex, other, V5Inode.SIZE);
        return other;
    }

    private void checkEnd(long otherIndex, long other, int size) throws RafsFormatException {
        if (other > file.byteSize() - size) {
            throw broken((int) otherIndex, other, "its record passes the end of the file");
        }
    }

    @Override
    public void walk(long startOffset, DirectoryVisitor visitor) throws RafsFormatException {
        if (!isDirectory()) {
            throw broken("it is no directory");
        }
        if (startOffset <= 0 && !visitor.entry(DOT.clone(), ino(), FileMode.DIRECTORY, 1)) {
            return;
        }
        if (startOffset <= 1) {
            long parent = index == V5Format.ROOT_INO ? V5Format.ROOT_INO : parentIno();
            if (!visitor.entry(DOT_DOT.clone(), parent, FileMode.DIRECTORY, 2)) {
                return;
            }
        }
        int count = childCount();
        FileWindow entries = window == null ? new FileWindow(file) : window;
        for (long position = Math.max(startOffset - 2, 0); position < count; position++) {
            if (!visitEntry(entries, childIndex() + position, position + 3, visitor)) {
                return;
            }
        }
    }

    private void checkParent(int childIndex, long child, long parent) throws RafsFormatException {
        if (parent != ino()) {
            throw broken(childIndex, child, "expected parent " + ino() + ", found " + parent);
        }
    }

    /**
     * Visits a child. The record of a first name is looked at only as far as an entry tells of it: who opens the inode has all of it
     * checked. Another name's is checked here, for its number leads to another record.
     */
    private boolean visitEntry(FileWindow entries, long childIndex, long nextOffset, DirectoryVisitor visitor)
            throws RafsFormatException {
        long child = otherRecord(childIndex);
        int head = entries.at(child, V5Inode.SIZE);
        int nameSize = LittleEndian.shortAt(entries.bytes(), head + V5Inode.NAME_SIZE);
        checkEnd(childIndex, child, V5Inode.SIZE + nameSize);
        head = entries.at(child, V5Inode.SIZE + nameSize);
        byte[] bytes = entries.bytes();
        long childIno = LittleEndian.longAt(bytes, head + V5Inode.INO);
        if (childIno != childIndex) {
            open(bootstrap, childIndex);
        }
        checkParent((int) childIndex, child, LittleEndian.longAt(bytes, head + V5Inode.PARENT));
        int type = FileMode.type(LittleEndian.intAt(bytes, head + V5Inode.MODE));
        int start = head + V5Inode.SIZE;
        byte[] name = checkedName(Arrays.copyOfRange(bytes, start, start + nameSize), (int) childIndex, child);
        return visitor.entry(name, childIno, type, nextOffset);
    }

    @Override
    public int chunkCount() {
        return isRegular() ? rawChildCount() : 0;
    }

    @Override
    public boolean hasHoles() {
        return (flags() & V5Inode.HAS_HOLE) != 0;
    }

    @Override
    public ChunkRecord chunk(int position) throws RafsFormatException {
        ChunkRecord stored = storedChunk(chunkOffset(position));
        checkLength(position, stored.uncompressedSize(), stored.fileOffset());
        return checked(position, stored);
    }

    /** Returns a chunk of a file that only lists chunks: they need not be what a file consists of. */
    ChunkRecord listedChunk(int position) throws RafsFormatException {
        ChunkRecord stored = storedChunk(chunkOffset(position));
        if (stored.uncompressedSize() <= 0 || stored.uncompressedSize() > bootstrap.chunkSize()) {
            throw brokenChunk(
                    position,
                    "expected 1 to " + bootstrap.chunkSize() + " bytes, found "
                            + Integer.toUnsignedString(stored.uncompressedSize()));
        }
        return checked(position, stored);
    }

    /** Checks all of a record but its place in the file, and leaves out what v5 does not have. */
    private ChunkRecord checked(int position, ChunkRecord stored) throws RafsFormatException {
        checkBlobIndex(position, stored.blobIndex());
        checkBlobOffset(position, stored.blobIndex(), stored.uncompressedOffset(), stored.uncompressedSize());
        if (stored.compressedOffset() < 0
                || stored.compressedOffset() > Long.MAX_VALUE - Integer.toUnsignedLong(stored.compressedSize())) {
            throw brokenChunk(position, "its stored bytes pass the end of all offsets");
        }
        int flags = stored.flags() & ~(ChunkFlags.BATCH | ChunkFlags.ENCRYPTED);
        int crc32 = stored.has(ChunkFlags.HAS_CRC32) ? stored.crc32() : 0;
        if (flags == stored.flags() && crc32 == stored.crc32()) {
            return stored;
        }
        return new ChunkRecord(
                stored.digest(),
                stored.blobIndex(),
                flags,
                stored.compressedSize(),
                stored.uncompressedSize(),
                stored.compressedOffset(),
                stored.uncompressedOffset(),
                stored.fileOffset(),
                stored.index(),
                crc32);
    }

    private ChunkRecord storedChunk(long offset) {
        if (window == null) {
            return ChunkRecord.read(file, offset);
        }
        int start = window.at(offset, ChunkRecord.SIZE);
        return ChunkRecord.read(window.bytes(), start);
    }

    /** Returns where the record of a chunk starts, which is where its digest is; {@code position} is not checked. */
    long chunkRecordOffset(int position) {
        return chunks + (long) position * ChunkRecord.SIZE;
    }

    @Override
    public int chunkBlobIndex(int position) throws RafsFormatException {
        int blobIndex = V5Inode.intAt(file, chunkOffset(position), ChunkRecord.BLOB_INDEX);
        checkBlobIndex(position, blobIndex);
        return blobIndex;
    }

    private void checkBlobIndex(int position, int blobIndex) throws RafsFormatException {
        if (blobIndex < 0 || blobIndex >= bootstrap.blobs().size()) {
            throw brokenChunk(
                    position,
                    "expected a blob below " + bootstrap.blobs().size() + ", found "
                            + Integer.toUnsignedString(blobIndex));
        }
    }

    @Override
    public long chunkBlobOffset(int position) throws RafsFormatException {
        long offset = V5Inode.longAt(file, chunkOffset(position), ChunkRecord.UNCOMPRESSED_OFFSET);
        checkBlobOffset(position, chunkBlobIndex(position), offset, chunkLength(position));
        return offset;
    }

    private void checkBlobOffset(int position, int blobIndex, long offset, int length) throws RafsFormatException {
        long size = bootstrap.uncompressedSize(blobIndex);
        if (offset < 0 || offset > size - length) {
            throw brokenChunk(
                    position,
                    "expected it inside of the blob's " + size + " bytes, found it at "
                            + Long.toUnsignedString(offset));
        }
    }

    @Override
    public long chunkFileOffset(int position) {
        return hasHoles()
                ? V5Inode.longAt(file, chunkRecordOffset(position), ChunkRecord.FILE_OFFSET)
                : (long) position * bootstrap.chunkSize();
    }

    @Override
    public int chunkLength(int position) throws RafsFormatException {
        long chunk = chunkOffset(position);
        int length = V5Inode.intAt(file, chunk, ChunkRecord.UNCOMPRESSED_SIZE);
        checkLength(position, length, V5Inode.longAt(file, chunk, ChunkRecord.FILE_OFFSET));
        return length;
    }

    private void checkLength(int position, int length, long fileOffset) throws RafsFormatException {
        if (fileOffset < 0 || (!hasHoles() && fileOffset != (long) position * bootstrap.chunkSize())) {
            throw brokenChunk(position, "invalid offset " + Long.toUnsignedString(fileOffset) + " in the file");
        }
        long most = Math.min(bootstrap.chunkSize(), size() - fileOffset);
        if (length <= 0 || length > most || (!hasHoles() && length != most)) {
            throw brokenChunk(position, "expected " + most + " bytes, found " + Integer.toUnsignedString(length));
        }
    }

    /** Returns where the record of a chunk starts, if there is such a chunk. */
    private long chunkOffset(int position) throws RafsFormatException {
        if (position < 0 || position >= chunkCount()) {
            throw broken("it has no chunk " + position);
        }
        return chunkRecordOffset(position);
    }

    private RafsFormatException brokenChunk(int position, String problem) {
        return new RafsFormatException(
                "chunk " + position + " of inode " + index, chunkRecordOffset(position), problem);
    }

    @Override
    public String toString() {
        return "v5 inode " + index;
    }
}
