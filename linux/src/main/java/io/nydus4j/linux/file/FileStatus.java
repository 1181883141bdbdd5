package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.nydus4j.linux.libc.Libc;
import java.lang.foreign.MemorySegment;

/**
 * What {@code stat} tells of a file.
 *
 * @param dev device the file is on, see {@link DeviceNumbers}
 * @param ino inode number, unsigned
 * @param mode type and permission bits, see {@link Mode}
 * @param nlink number of hard links
 * @param uid owner, unsigned
 * @param gid group, unsigned
 * @param rdev device a device node stands for, else 0, see {@link DeviceNumbers}
 * @param size length, in bytes; of a symbolic link the length of its target
 * @param blocks space in use, in units of 512 bytes
 * @param atimeSeconds last access, in seconds since 1970; may be negative
 * @param atimeNanos the nanoseconds within that second, 0 to 999,999,999
 * @param mtimeSeconds last change of the data, likewise
 * @param mtimeNanos likewise
 * @param ctimeSeconds last change of data or attributes, likewise
 * @param ctimeNanos likewise
 */
public record FileStatus(
        long dev,
        long ino,
        int mode,
        long nlink,
        int uid,
        int gid,
        long rdev,
        long size,
        long blocks,
        long atimeSeconds,
        int atimeNanos,
        long mtimeSeconds,
        int mtimeNanos,
        long ctimeSeconds,
        int ctimeNanos) {

    /** Tells whether it is a directory. */
    public boolean isDirectory() {
        return Mode.isDirectory(mode);
    }

    /** Tells whether it is a regular file. */
    public boolean isRegular() {
        return Mode.isRegular(mode);
    }

    /** Tells whether it is a symbolic link. */
    public boolean isSymlink() {
        return Mode.isSymlink(mode);
    }

    /**
     * Reads a {@code struct statx}, 256 bytes long.
     *
     * <pre>
     *   off size name              off size name
     *    16    4 nlink              64   16 atime (seconds 8, nanoseconds 4)
     *    20    4 uid                96   16 ctime
     *    24    4 gid               112   16 mtime
     *    28    2 mode              128    4 rdev major
     *    32    8 ino               132    4 rdev minor
     *    40    8 size              136    4 dev major
     *    48    8 blocks            140    4 dev minor
     * </pre>
     */
    static FileStatus read(long address) {
        MemorySegment memory = Libc.MEMORY;
        return new FileStatus(
                device(address + 136),
                memory.get(JAVA_LONG, address + 32),
                Short.toUnsignedInt(memory.get(JAVA_SHORT, address + 28)),
                Integer.toUnsignedLong(memory.get(JAVA_INT, address + 16)),
                memory.get(JAVA_INT, address + 20),
                memory.get(JAVA_INT, address + 24),
                device(address + 128),
                memory.get(JAVA_LONG, address + 40),
                memory.get(JAVA_LONG, address + 48),
                memory.get(JAVA_LONG, address + 64),
                memory.get(JAVA_INT, address + 72),
                memory.get(JAVA_LONG, address + 112),
                memory.get(JAVA_INT, address + 120),
                memory.get(JAVA_LONG, address + 96),
                memory.get(JAVA_INT, address + 104));
    }

    private static long device(long address) {
        return DeviceNumbers.of(Libc.MEMORY.get(JAVA_INT, address), Libc.MEMORY.get(JAVA_INT, address + Integer.BYTES));
    }
}
