package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

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

    /** 64-bit words of a {@code struct statx} up to the last field that is read. */
    private static final int STATX_WORDS = 18;

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
        // In one copy, since each look at native memory takes long until it is compiled. Word n has what is at
        // 8n in its lower half and what is at 8n + 4 in its upper one: x86-64 and aarch64 are little-endian.
        long[] words = new long[STATX_WORDS];
        MemorySegment.copy(Libc.MEMORY, JAVA_LONG, address, words, 0, STATX_WORDS);
        return new FileStatus(
                device(words[17]),
                words[4],
                high(words[3]) & 0xFFFF,
                Integer.toUnsignedLong((int) words[2]),
                high(words[2]),
                (int) words[3],
                device(words[16]),
                words[5],
                words[6],
                words[8],
                (int) words[9],
                words[14],
                (int) words[15],
                words[12],
                (int) words[13]);
    }

    private static int high(long word) {
        return (int) (word >>> 32);
    }

    private static long device(long word) {
        return DeviceNumbers.of((int) word, high(word));
    }
}
