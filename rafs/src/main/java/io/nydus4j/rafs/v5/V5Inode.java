package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;
import static io.nydus4j.rafs.v5.V5Format.LONG;
import static io.nydus4j.rafs.v5.V5Format.SHORT;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.rafs.tree.Node;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The fixed part of an inode record.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0   32 digest of the inode
 *    32    8 parent: inode number of the directory, 0 for the root
 *    40    8 ino
 *    48    4 uid
 *    52    4 gid
 *    56    4 project id
 *    60    4 mode
 *    64    8 size
 *    72    8 blocks, units of 512 bytes
 *    80    8 flags
 *    88    4 link count
 *    92    4 child index: that of a directory's first child
 *    96    4 child count: children of a directory, chunks of a regular file
 *   100    2 length of the name
 *   102    2 length of the symbolic link's target
 *   104    4 device number
 *   108    4 nanoseconds of the time of last modification
 *   112    8 seconds of the time of last modification
 *   120    8 reserved, zero
 * </pre>
 * Behind it come, each padded to a multiple of 8 bytes: the name; the target, if there is one; the xattrs
 * ({@link V5Xattrs}), if {@link #XATTR} is set; the {@link ChunkRecord}s of a regular file. Mirrors {@code RafsV5Inode} of the
 * reference.
 */
public final class V5Inode {
    /** Length of the fixed part in bytes. */
    public static final int SIZE = 128;

    /** Flag: the inode is a symbolic link. */
    public static final long SYMLINK = 0x1;
    /** Flag: the source said that the file has several names. Not to be relied on. */
    public static final long HARDLINK = 0x2;
    /** Flag: the record has an xattr area. */
    public static final long XATTR = 0x4;
    /** Flag: chunks may be missing where the file has zeros. */
    public static final long HAS_HOLE = 0x8;

    static final int PARENT = 32;
    static final int INO = 40;
    static final int UID = 48;
    static final int GID = 52;
    static final int PROJECT_ID = 56;
    static final int MODE = 60;
    static final int FILE_SIZE = 64;
    static final int BLOCKS = 72;
    static final int FLAGS = 80;
    static final int LINK_COUNT = 88;
    static final int CHILD_INDEX = 92;
    static final int CHILD_COUNT = 96;
    static final int NAME_SIZE = 100;
    static final int SYMLINK_SIZE = 102;
    static final int RDEV = 104;
    static final int MTIME_NANOS = 108;
    static final int MTIME = 112;

    private V5Inode() {}

    /**
     * Returns the length of a whole record, in bytes.
     *
     * @param nameSize    in bytes
     * @param symlinkSize in bytes
     * @param xattrArea   length of the area with its header and padding, 0 if there is none
     * @param chunks      number of chunk records
     */
    public static long recordSize(int nameSize, int symlinkSize, long xattrArea, long chunks) {
        return SIZE + V5Format.align(nameSize) + V5Format.align(symlinkSize) + xattrArea + chunks * ChunkRecord.SIZE;
    }

    /**
     * Writes the fixed part and the name of a record; the caller writes the rest.
     *
     * @param file       the whole bootstrap, zero where the record goes
     * @param record     where the record starts, in bytes
     * @param node       a numbered node
     * @param childIndex index of a directory's first child, or where it would be
     * @param childCount children of a directory, chunks of a regular file
     */
    static void write(MemorySegment file, long record, Node node, int childIndex, int childCount) {
        node.digest().write(file, record);
        Node parent = node.parent();
        file.set(LONG, record + PARENT, parent == null ? 0 : parent.ino());
        file.set(LONG, record + INO, node.ino());
        file.set(INT, record + UID, node.uid());
        file.set(INT, record + GID, node.gid());
        file.set(INT, record + MODE, node.mode());
        file.set(LONG, record + FILE_SIZE, node.size());
        file.set(LONG, record + BLOCKS, node.blocks());
        file.set(LONG, record + FLAGS, flags(node));
        file.set(INT, record + LINK_COUNT, node.linkCount());
        file.set(INT, record + CHILD_INDEX, childIndex);
        file.set(INT, record + CHILD_COUNT, childCount);
        byte[] name = node.name();
        byte[] target = node.symlinkTarget();
        file.set(SHORT, record + NAME_SIZE, (short) name.length);
        file.set(SHORT, record + SYMLINK_SIZE, (short) (target == null ? 0 : target.length));
        file.set(INT, record + RDEV, node.rdev());
        file.set(INT, record + MTIME_NANOS, node.mtimeNanos());
        file.set(LONG, record + MTIME, node.mtimeSeconds());
        MemorySegment.copy(name, 0, file, ValueLayout.JAVA_BYTE, record + SIZE, name.length);
    }

    /** Returns the flags that a node's inode has. */
    static long flags(Node node) {
        return (node.isSymlink() ? SYMLINK : 0)
                | (node.hardLinkFlag() ? HARDLINK : 0)
                | (node.xattrs().isEmpty() ? 0 : XATTR);
    }

    static Digest digest(MemorySegment file, long record) {
        return Digest.read(file, record);
    }

    static int intAt(MemorySegment file, long record, int field) {
        return file.get(INT, record + field);
    }

    static long unsignedAt(MemorySegment file, long record, int field) {
        return Integer.toUnsignedLong(file.get(INT, record + field));
    }

    static long longAt(MemorySegment file, long record, int field) {
        return file.get(LONG, record + field);
    }

    static int shortAt(MemorySegment file, long record, int field) {
        return Short.toUnsignedInt(file.get(SHORT, record + field));
    }
}
