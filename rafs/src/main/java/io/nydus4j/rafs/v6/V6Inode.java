package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.i32;
import static io.nydus4j.rafs.v6.V6Constants.i64;
import static io.nydus4j.rafs.v6.V6Constants.put16;
import static io.nydus4j.rafs.v6.V6Constants.put32;
import static io.nydus4j.rafs.v6.V6Constants.put64;
import static io.nydus4j.rafs.v6.V6Constants.u16;
import static io.nydus4j.rafs.v6.V6Constants.u32;

import java.lang.foreign.MemorySegment;

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

    /** Tells whether no unknown bit of the format is set. */
    static boolean isKnownFormat(MemorySegment file, long offset) {
        return (u16(file, offset + FORMAT) & ~FORMAT_MASK) == 0;
    }

    static boolean isExtended(MemorySegment file, long offset) {
        return (u16(file, offset + FORMAT) & FORMAT_EXTENDED) != 0;
    }

    /** Returns the data layout: one of the constants above, or an unknown number up to 7. */
    static int layout(MemorySegment file, long offset) {
        return (u16(file, offset + FORMAT) & FORMAT_MASK) >> 1;
    }

    /** Returns the length of the inode itself in bytes. */
    static int headerSize(MemorySegment file, long offset) {
        return isExtended(file, offset) ? EXTENDED_SIZE : COMPACT_SIZE;
    }

    /** Returns the length of the xattrs in bytes, their header included. */
    static int xattrSize(MemorySegment file, long offset) {
        return V6Xattr.areaSize(u16(file, offset + XATTR_COUNT));
    }

    static int mode(MemorySegment file, long offset) {
        return u16(file, offset + MODE);
    }

    /** Returns the size in bytes, as an unsigned number. */
    static long size(MemorySegment file, long offset) {
        return isExtended(file, offset) ? i64(file, offset + SIZE) : u32(file, offset + SIZE);
    }

    static int union(MemorySegment file, long offset) {
        return i32(file, offset + UNION);
    }

    static int uid(MemorySegment file, long offset) {
        return isExtended(file, offset) ? i32(file, offset + UID) : u16(file, offset + UID);
    }

    static int gid(MemorySegment file, long offset) {
        return isExtended(file, offset) ? i32(file, offset + GID) : u16(file, offset + COMPACT_GID);
    }

    /** Returns the time of last modification in seconds; 0 for the compact form, which has none. */
    static long mtimeSeconds(MemorySegment file, long offset) {
        return isExtended(file, offset) ? i64(file, offset + MTIME) : 0;
    }

    static int mtimeNanos(MemorySegment file, long offset) {
        return isExtended(file, offset) ? i32(file, offset + MTIME_NANOS) : 0;
    }

    static int linkCount(MemorySegment file, long offset) {
        return isExtended(file, offset) ? i32(file, offset + LINKS) : u16(file, offset + COMPACT_LINKS);
    }

    /**
     * Writes an inode of the extended form.
     *
     * @param file       the whole bootstrap
     * @param offset     start of the inode
     * @param layout     data layout
     * @param xattrSize  size of the xattrs with their header in bytes, 0 if there are none
     * @param mode       type and permissions
     * @param size       bytes
     * @param union      block of the data, chunk header or device number
     * @param ino        number in the order of building
     * @param linkCount  number of links
     */
    static void write(
            MemorySegment file,
            long offset,
            int layout,
            int xattrSize,
            int mode,
            long size,
            int union,
            int ino,
            int linkCount) {
        put16(file, offset + FORMAT, layout << 1 | FORMAT_EXTENDED);
        put16(file, offset + XATTR_COUNT, V6Xattr.count(xattrSize));
        put32(file, offset + MODE, mode & 0xFFFF);
        put64(file, offset + SIZE, size);
        put32(file, offset + UNION, union);
        put32(file, offset + INO, ino);
        put32(file, offset + LINKS, linkCount);
    }

    /** Writes the owner of an inode of the extended form. */
    static void writeOwner(MemorySegment file, long offset, int uid, int gid) {
        put32(file, offset + UID, uid);
        put32(file, offset + GID, gid);
    }

    /** Writes the time of last modification of an inode of the extended form. */
    static void writeMtime(MemorySegment file, long offset, long seconds, int nanos) {
        put64(file, offset + MTIME, seconds);
        put32(file, offset + MTIME_NANOS, nanos);
    }
}
