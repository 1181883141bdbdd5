package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.libc.Libc;
import java.lang.foreign.MemorySegment;

/**
 * The attributes of a node on their way into a reply; filled anew for each by setters that chain.
 *
 * <p>Layout ({@code fuse_attr}, {@value #SIZE} bytes):
 * <pre>
 *   off size name                  off size name
 *     0    8 inode number           60    4 mode
 *     8    8 size, in bytes         64    4 links
 *    16    8 blocks of 512 bytes    68    4 uid
 *    24    8 atime, in seconds      72    4 gid
 *    32    8 mtime                  76    4 rdev
 *    40    8 ctime                  80    4 block size, in bytes
 *    48   12 their nanoseconds      84    4 flags
 * </pre>
 */
public final class FuseAttributes {
    static final int SIZE = 88;

    private long ino;
    private long size;
    private long blocks;
    private long atime;
    private long mtime;
    private long ctime;
    private int atimeNanos;
    private int mtimeNanos;
    private int ctimeNanos;
    private int mode;
    private int links;
    private int uid;
    private int gid;
    private int device;
    private int blockSize;

    /** Makes attributes that are all zero. */
    public FuseAttributes() {}

    /** Sets everything to zero, but the links to 1 and the block size to 4096. */
    public FuseAttributes clear() {
        ino = size = blocks = atime = mtime = ctime = 0;
        atimeNanos = mtimeNanos = ctimeNanos = mode = uid = gid = device = 0;
        links = 1;
        blockSize = 4096;
        return this;
    }

    /** Sets the inode number that {@code stat} shows, unsigned. */
    public FuseAttributes ino(long value) {
        ino = value;
        return this;
    }

    /** Sets the length, in bytes. */
    public FuseAttributes size(long value) {
        size = value;
        return this;
    }

    /** Sets the space in use, in units of 512 bytes. */
    public FuseAttributes blocks(long value) {
        blocks = value;
        return this;
    }

    /** Sets type and permission bits. */
    public FuseAttributes mode(int value) {
        mode = value;
        return this;
    }

    /** Sets the number of hard links. */
    public FuseAttributes links(int value) {
        links = value;
        return this;
    }

    /** Sets owner and group, unsigned. */
    public FuseAttributes owner(int user, int group) {
        uid = user;
        gid = group;
        return this;
    }

    /** Sets the number of a device node, as the kernel packs it in 32 bits. */
    public FuseAttributes device(int value) {
        device = value;
        return this;
    }

    /** Sets the size of reads that suits the file system, in bytes. */
    public FuseAttributes blockSize(int value) {
        blockSize = value;
        return this;
    }

    /** Sets all three times to one, in seconds since 1970 and nanoseconds. */
    public FuseAttributes times(long seconds, int nanos) {
        return atime(seconds, nanos).mtime(seconds, nanos).ctime(seconds, nanos);
    }

    /** Sets the time of the last access, in seconds since 1970 and nanoseconds. */
    public FuseAttributes atime(long seconds, int nanos) {
        atime = seconds;
        atimeNanos = nanos;
        return this;
    }

    /** Sets the time of the last change of the data, in seconds since 1970 and nanoseconds. */
    public FuseAttributes mtime(long seconds, int nanos) {
        mtime = seconds;
        mtimeNanos = nanos;
        return this;
    }

    /** Sets the time of the last change of data or attributes, in seconds since 1970 and nanoseconds. */
    public FuseAttributes ctime(long seconds, int nanos) {
        ctime = seconds;
        ctimeNanos = nanos;
        return this;
    }

    /** Returns the inode number that {@code stat} shows. */
    public long ino() {
        return ino;
    }

    /** Returns type and permission bits. */
    int mode() {
        return mode;
    }

    void write(long address) {
        MemorySegment memory = Libc.MEMORY;
        memory.set(JAVA_LONG, address, ino);
        memory.set(JAVA_LONG, address + 8, size);
        memory.set(JAVA_LONG, address + 16, blocks);
        memory.set(JAVA_LONG, address + 24, atime);
        memory.set(JAVA_LONG, address + 32, mtime);
        memory.set(JAVA_LONG, address + 40, ctime);
        memory.set(JAVA_INT, address + 48, atimeNanos);
        memory.set(JAVA_INT, address + 52, mtimeNanos);
        memory.set(JAVA_INT, address + 56, ctimeNanos);
        memory.set(JAVA_INT, address + 60, mode);
        memory.set(JAVA_INT, address + 64, links);
        memory.set(JAVA_INT, address + 68, uid);
        memory.set(JAVA_INT, address + 72, gid);
        memory.set(JAVA_INT, address + 76, device);
        memory.set(JAVA_INT, address + 80, blockSize);
        memory.set(JAVA_INT, address + 84, 0);
    }
}
