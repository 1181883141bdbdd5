package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;

/**
 * Which attributes a SETATTR changes, and to what.
 *
 * <p>Layout ({@code fuse_setattr_in}):
 * <pre>
 *   off size name                 off size name
 *     0    4 which are valid       56    4 nanoseconds of atime
 *     8    8 handle                60    4 of mtime
 *    16    8 size                  64    4 of ctime
 *    24    8 lock owner            68    4 mode
 *    32    8 atime                 76    4 uid
 *    40    8 mtime                 80    4 gid
 *    48    8 ctime
 * </pre>
 *
 * @param valid        bits of the constants here
 * @param handle       of the open file, where {@link #HANDLE} is set
 * @param size         new length, in bytes
 * @param atimeSeconds time of last access, in seconds since 1970
 * @param atimeNanos   nanoseconds of that
 * @param mtimeSeconds time of last change, in seconds since 1970
 * @param mtimeNanos   nanoseconds of that
 * @param mode         permission bits, with the type
 * @param uid          owner, unsigned
 * @param gid          group, unsigned
 */
public record FuseAttributeChange(
        int valid,
        long handle,
        long size,
        long atimeSeconds,
        int atimeNanos,
        long mtimeSeconds,
        int mtimeNanos,
        int mode,
        int uid,
        int gid) {
    /** The permissions change. */
    public static final int MODE = 1;
    /** The owner changes. */
    public static final int UID = 1 << 1;
    /** The group changes. */
    public static final int GID = 1 << 2;
    /** The length changes. */
    public static final int SIZE = 1 << 3;
    /** The time of last access changes. */
    public static final int ATIME = 1 << 4;
    /** The time of last change changes. */
    public static final int MTIME = 1 << 5;
    /** The file is open, by {@link #handle}. */
    public static final int HANDLE = 1 << 6;
    /** With {@link #ATIME}: to the present. */
    public static final int ATIME_NOW = 1 << 7;
    /** With {@link #MTIME}: to the present. */
    public static final int MTIME_NOW = 1 << 8;

    static FuseAttributeChange read(MemorySegment buffer, long at) {
        return new FuseAttributeChange(
                buffer.get(JAVA_INT, at),
                buffer.get(JAVA_LONG, at + 8),
                buffer.get(JAVA_LONG, at + 16),
                buffer.get(JAVA_LONG, at + 32),
                buffer.get(JAVA_INT, at + 56),
                buffer.get(JAVA_LONG, at + 40),
                buffer.get(JAVA_INT, at + 60),
                buffer.get(JAVA_INT, at + 68),
                buffer.get(JAVA_INT, at + 76),
                buffer.get(JAVA_INT, at + 80));
    }

    /** Tells whether any of some attributes changes. */
    public boolean has(int bits) {
        return (valid & bits) != 0;
    }
}
