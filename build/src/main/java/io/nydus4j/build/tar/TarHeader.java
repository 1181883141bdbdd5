package io.nydus4j.build.tar;

import java.nio.charset.StandardCharsets;

/**
 * The header block of a member, POSIX ustar form ({@value #SIZE} bytes):
 * <pre>
 *   off size name            off size name
 *     0  100 name            257    6 magic "ustar", NUL
 *   100    8 mode            263    2 version "00"
 *   108    8 uid             265   32 user name
 *   116    8 gid             297   32 group name
 *   124   12 size            329    8 device major
 *   136   12 mtime           337    8 device minor
 *   148    8 checksum        345  155 prefix, not used
 *   156    1 type
 *   157  100 link name
 * </pre>
 * Numbers are octal digits and a NUL; those that do not fit are big-endian with the top bit set, as GNU tar has them.
 */
final class TarHeader {
    /** Length of a header, and the unit of an archive, in bytes. */
    static final int SIZE = 512;

    /** Longest name that a header holds, in bytes. */
    static final int NAME_SIZE = 100;

    private static final int OWNER_NAME_SIZE = 32;
    private static final byte[] MAGIC = "ustar\00000".getBytes(StandardCharsets.US_ASCII);
    private static final int CHECKSUM_AT = 148;
    private static final int CHECKSUM_SIZE = 8;

    private final byte[] bytes = new byte[SIZE];

    /** Starts a header; owner, size and time are 0. */
    TarHeader(TarType type, byte[] name, int mode) {
        text(0, NAME_SIZE, name);
        octal(100, 8, mode & 07777);
        number(108, 8, 0);
        number(116, 8, 0);
        number(124, 12, 0);
        number(136, 12, 0);
        bytes[156] = type.flag();
        System.arraycopy(MAGIC, 0, bytes, 257, MAGIC.length);
    }

    TarHeader size(long size) {
        number(124, 12, size);
        return this;
    }

    TarHeader mtime(long seconds) {
        number(136, 12, seconds);
        return this;
    }

    TarHeader owner(int uid, int gid, byte[] userName, byte[] groupName) {
        number(108, 8, Integer.toUnsignedLong(uid));
        number(116, 8, Integer.toUnsignedLong(gid));
        if (userName.length <= OWNER_NAME_SIZE) {
            text(265, OWNER_NAME_SIZE, userName);
        }
        if (groupName.length <= OWNER_NAME_SIZE) {
            text(297, OWNER_NAME_SIZE, groupName);
        }
        return this;
    }

    TarHeader linkName(byte[] name) {
        text(157, NAME_SIZE, name);
        return this;
    }

    TarHeader device(int major, int minor) {
        octal(329, 8, major);
        octal(337, 8, minor);
        return this;
    }

    /** Sets the checksum, six octal digits, NUL and space, and returns the block. */
    byte[] toBytes() {
        int sum = CHECKSUM_SIZE * ' ';
        for (int i = 0; i < SIZE; i++) {
            sum += i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_SIZE ? 0 : Byte.toUnsignedInt(bytes[i]);
        }
        octal(CHECKSUM_AT, CHECKSUM_SIZE - 1, sum);
        bytes[CHECKSUM_AT + CHECKSUM_SIZE - 1] = ' ';
        return bytes;
    }

    private void text(int at, int size, byte[] text) {
        System.arraycopy(text, 0, bytes, at, Math.min(size, text.length));
    }

    private void octal(int at, int size, long value) {
        long rest = value;
        for (int i = at + size - 2; i >= at; i--) {
            bytes[i] = (byte) ('0' + (rest & 7));
            rest >>>= 3;
        }
        bytes[at + size - 1] = 0;
    }

    private void number(int at, int size, long value) {
        int octalBits = 3 * (size - 1);
        if (value >= 0 && value < 1L << octalBits) {
            octal(at, size, value);
            return;
        }
        for (int i = 0; i < size; i++) {
            int shift = 8 * (size - 1 - i);
            bytes[at + i] = (byte) (shift >= Long.SIZE ? value >> (Long.SIZE - 1) : value >> shift);
        }
        bytes[at] |= (byte) 0x80;
    }
}
