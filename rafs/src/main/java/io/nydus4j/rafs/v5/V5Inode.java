package io.nydus4j.rafs.v5;

import static io.nydus4j.blob.LittleEndian.putInt;
import static io.nydus4j.blob.LittleEndian.putLong;
import static io.nydus4j.blob.LittleEndian.putShort;
import static io.nydus4j.rafs.v5.V5Format.INT;
import static io.nydus4j.rafs.v5.V5Format.LONG;
import static io.nydus4j.rafs.v5.V5Format.SHORT;

import io.nydus4j.blob.ChunkRecord;
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

    /** Copies the fixed part of a record that lies in the file. */
    static byte[] read(MemorySegment file, long record) {
        byte[] head = new byte[SIZE];
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, record, head, 0, SIZE);
        return head;
    }

    /**
     * Writes the fixed part of a record; the caller writes the rest.
     *
     * @param record     takes it at its start, zero until now
     * @param node       a numbered node
     * @param childIndex index of a directory's first child, or where it would be
     * @param childCount children of a directory, chunks of a regular file
     */
    static void write(byte[] record, Node node, int childIndex, int childCount) {
        node.digest().write(record, 0);
        Node parent = node.parent();
        putLong(record, PARENT, parent == null ? 0 : parent.ino());
        putLong(record, INO, node.ino());
        putInt(record, UID, node.uid());
        putInt(record, GID, node.gid());
        putInt(record, MODE, node.mode());
        putLong(record, FILE_SIZE, node.size());
        putLong(record, BLOCKS, node.blocks());
        putLong(record, FLAGS, flags(node));
        putInt(record, LINK_COUNT, node.linkCount());
        putInt(record, CHILD_INDEX, childIndex);
        putInt(record, CHILD_COUNT, childCount);
        byte[] target = node.symlinkTarget();
        putShort(record, NAME_SIZE, node.name().length);
        putShort(record, SYMLINK_SIZE, target == null ? 0 : target.length);
        putInt(record, RDEV, node.rdev());
        putInt(record, MTIME_NANOS, node.mtimeNanos());
        putLong(record, MTIME, node.mtimeSeconds());
    }

    /** Returns the flags that a node's inode has. */
    static long flags(Node node) {
        return (node.isSymlink() ? SYMLINK : 0)
                | (node.hardLinkFlag() ? HARDLINK : 0)
                | (node.xattrs().isEmpty() ? 0 : XATTR);
    }

    static int intAt(MemorySegment file, long record, int field) {
        return file.get(INT, record + field);
    }

    static long longAt(MemorySegment file, long record, int field) {
        return file.get(LONG, record + field);
    }

    static int shortAt(MemorySegment file, long record, int field) {
        return Short.toUnsignedInt(file.get(SHORT, record + field));
    }
}
