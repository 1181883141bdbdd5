package io.nydus4j.rafs.v6;

import static io.nydus4j.blob.LittleEndian.intAt;
import static io.nydus4j.blob.LittleEndian.longAt;
import static io.nydus4j.blob.LittleEndian.putInt;
import static io.nydus4j.blob.LittleEndian.putLong;
import static io.nydus4j.blob.LittleEndian.putShort;
import static io.nydus4j.blob.LittleEndian.shortAt;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Fields of an inode, which has a compact and an extended form. Writers use the extended one only.
 *
 * <p>On disk (little-endian, {@value #EXTENDED_SIZE} or {@value #COMPACT_SIZE} bytes):
 * <pre>
 *   extended        compact
 *   off size        off size  name
 *     0    2          0    2  format: bit 0 set for the extended form, bits 1 to 3 data layout
 *     2    2          2    2  size of the xattrs: 0 if none, else (bytes - 12) / 4 + 1
 *     4    2          4    2  mode
 *     6    2         12    4  reserved, zero
 *     8    8          8    4  size
 *    16    4         16    4  block of the data, chunk header of a regular file, or device number
 *    20    4         20    4  number of the inode in the order of building
 *    24    4         24    2  uid
 *    28    4         26    2  gid
 *    32    8          -    -  mtime, seconds
 *    40    4          -    -  mtime, nanoseconds
 *    44    4          6    2  number of links
 *    48   16         28    4  reserved, zero
 * </pre>
 * Mirrors {@code RafsV6InodeExtended} and {@code RafsV6InodeCompact} of the reference.
 */
final class V6Inode {
    static final int COMPACT_SIZE = 32;
    static final int EXTENDED_SIZE = 64;

    /** Data in whole blocks elsewhere. */
    static final int FLAT_PLAIN = 0;
    /** Data in whole blocks elsewhere but for its end, which follows the inode. */
    static final int FLAT_INLINE = 2;
    /** Data in blobs, found by chunk indexes behind the inode. */
    static final int CHUNK_BASED = 4;

    /** In a chunk header: the chunks have indexes, not mere block addresses. */
    static final int CHUNK_HEADER_INDEXES = 0x20;
    /** Greatest binary logarithm of blocks for each chunk that a chunk header can hold. */
    static final int MAX_CHUNK_BITS = 31;

    private static final int FORMAT_EXTENDED = 0x1;
    private static final int FORMAT_MASK = 0xF;

    private static final int FORMAT = 0;
    private static final int XATTR_COUNT = 2;
    private static final int MODE = 4;
    private static final int COMPACT_LINKS = 6;
    private static final int SIZE = 8;
    private static final int UNION = 16;
    private static final int INO = 20;
    private static final int UID = 24;
    private static final int COMPACT_GID = 26;
    private static final int GID = 28;
    private static final int MTIME = 32;
    private static final int MTIME_NANOS = 40;
    private static final int LINKS = 44;

    private V6Inode() {}

    /**
     * Copies an inode, in the room of the extended form; what passes the end of the file is zero.
     *
     * @param offset start of the inode, of which at least the compact form lies in the file
     */
    static byte[] read(MemorySegment file, long offset) {
        byte[] inode = new byte[EXTENDED_SIZE];
        int size = (int) Math.min(EXTENDED_SIZE, file.byteSize() - offset);
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, offset, inode, 0, size);
        return inode;
    }

    /** Tells whether no unknown bit of the format is set. */
    static boolean isKnownFormat(byte[] inode) {
        return (shortAt(inode, FORMAT) & ~FORMAT_MASK) == 0;
    }

    static boolean isExtended(byte[] inode) {
        return (shortAt(inode, FORMAT) & FORMAT_EXTENDED) != 0;
    }

    /** Returns the data layout: one of the constants above, or an unknown number up to 7. */
    static int layout(byte[] inode) {
        return (shortAt(inode, FORMAT) & FORMAT_MASK) >> 1;
    }

    /** Returns the length of the inode itself in bytes. */
    static int headerSize(byte[] inode) {
        return isExtended(inode) ? EXTENDED_SIZE : COMPACT_SIZE;
    }

    /** Returns the length of the xattrs in bytes, their header included. */
    static int xattrSize(byte[] inode) {
        return V6Xattr.areaSize(shortAt(inode, XATTR_COUNT));
    }

    static int mode(byte[] inode) {
        return shortAt(inode, MODE);
    }

    /** Returns the size in bytes, as an unsigned number. */
    static long size(byte[] inode) {
        return isExtended(inode) ? longAt(inode, SIZE) : Integer.toUnsignedLong(intAt(inode, SIZE));
    }

    static int union(byte[] inode) {
        return intAt(inode, UNION);
    }

    static int uid(byte[] inode) {
        return isExtended(inode) ? intAt(inode, UID) : shortAt(inode, UID);
    }

    static int gid(byte[] inode) {
        return isExtended(inode) ? intAt(inode, GID) : shortAt(inode, COMPACT_GID);
    }

    /** Returns the time of last modification in seconds; 0 for the compact form, which has none. */
    static long mtimeSeconds(byte[] inode) {
        return isExtended(inode) ? longAt(inode, MTIME) : 0;
    }

    static int mtimeNanos(byte[] inode) {
        return isExtended(inode) ? intAt(inode, MTIME_NANOS) : 0;
    }

    static int linkCount(byte[] inode) {
        return isExtended(inode) ? intAt(inode, LINKS) : shortAt(inode, COMPACT_LINKS);
    }

    /**
     * Writes an inode of the extended form.
     *
     * @param inode      takes it at its start, zero until now
     * @param layout     data layout
     * @param xattrSize  size of the xattrs with their header in bytes, 0 if there are none
     * @param mode       type and permissions
     * @param size       bytes
     * @param union      block of the data, chunk header or device number
     * @param ino        number in the order of building
     * @param linkCount  number of links
     */
    static void write(byte[] inode, int layout, int xattrSize, int mode, long size, int union, int ino, int linkCount) {
        putShort(inode, FORMAT, layout << 1 | FORMAT_EXTENDED);
        putShort(inode, XATTR_COUNT, V6Xattr.count(xattrSize));
        putInt(inode, MODE, mode & 0xFFFF);
        putLong(inode, SIZE, size);
        putInt(inode, UNION, union);
        putInt(inode, INO, ino);
        putInt(inode, LINKS, linkCount);
    }

    /** Writes the owner of an inode of the extended form. */
    static void writeOwner(byte[] inode, int uid, int gid) {
        putInt(inode, UID, uid);
        putInt(inode, GID, gid);
    }

    /** Writes the time of last modification of an inode of the extended form. */
    static void writeMtime(byte[] inode, long seconds, int nanos) {
        putLong(inode, MTIME, seconds);
        putInt(inode, MTIME_NANOS, nanos);
    }
}
