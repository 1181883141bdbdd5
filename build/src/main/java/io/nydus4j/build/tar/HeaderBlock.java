package io.nydus4j.build.tar;

import java.util.Arrays;
import java.util.OptionalLong;

/**
 * A header block as an archive has it: POSIX ustar, GNU, star or the old form without a magic. {@link TarHeader} has the table of fields;
 * GNU's form has these in the place of the prefix:
 * <pre>
 *   off size name
 *   386   96 four pieces of a sparse file, each an offset and a length of 12 bytes
 *   482    1 whether a block with more pieces follows
 *   483   12 length of the sparse file
 * </pre>
 * Star's form has times behind a prefix of 131 bytes. Nothing is checked before it is asked for.
 */
final class HeaderBlock {
    static final int SPARSE_AT = 386;
    static final int SPARSE_COUNT = 4;

    private static final int PREFIX_AT = 345;
    private static final int PREFIX_SIZE = 155;
    private static final int STAR_PREFIX_SIZE = 131;
    private static final int MAGIC_AT = 257;
    private static final int CHECKSUM_AT = 148;
    private static final int CHECKSUM_SIZE = 8;
    private static final int TRAILER_AT = 508;

    private final byte[] block;

    /** Looks at a block of {@link TarHeader#SIZE} bytes, which is not copied. */
    HeaderBlock(byte[] block) {
        this.block = block;
    }

    /** Tells whether the first {@code length} bytes are zero. */
    boolean isZero(int length) {
        for (int i = 0; i < length; i++) {
            if (block[i] != 0) {
                return false;
            }
        }
        return true;
    }

    /** Tells whether the checksum is right, as sum of unsigned bytes or, as old programs have it, of signed ones. */
    boolean hasRightChecksum() {
        OptionalLong stored = octal(CHECKSUM_AT, CHECKSUM_SIZE);
        if (stored.isEmpty()) {
            return false;
        }
        long unsigned = 0;
        long signed = 0;
        for (int i = 0; i < block.length; i++) {
            byte value = i >= CHECKSUM_AT && i < CHECKSUM_AT + CHECKSUM_SIZE ? (byte) ' ' : block[i];
            unsigned += Byte.toUnsignedInt(value);
            signed += value;
        }
        return stored.getAsLong() == unsigned || stored.getAsLong() == signed;
    }

    byte typeFlag() {
        return block[156];
    }

    /** Returns the name with its prefix. */
    byte[] name() {
        byte[] name = text(0, TarHeader.NAME_SIZE);
        if (!startsWith(MAGIC_AT, "ustar\0")) {
            return name;
        }
        byte[] prefix = text(PREFIX_AT, startsWith(TRAILER_AT, "tar\0") ? STAR_PREFIX_SIZE : PREFIX_SIZE);
        if (prefix.length == 0) {
            return name;
        }
        byte[] whole = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
        whole[prefix.length] = '/';
        System.arraycopy(name, 0, whole, prefix.length + 1, name.length);
        return whole;
    }

    byte[] linkName() {
        return text(157, TarHeader.NAME_SIZE);
    }

    OptionalLong mode() {
        return number(100, 8);
    }

    OptionalLong uid() {
        return number(108, 8);
    }

    OptionalLong gid() {
        return number(116, 8);
    }

    OptionalLong size() {
        return number(124, 12);
    }

    OptionalLong mtime() {
        return number(136, 12);
    }

    byte[] userName() {
        return hasMagic() ? text(265, 32) : new byte[0];
    }

    byte[] groupName() {
        return hasMagic() ? text(297, 32) : new byte[0];
    }

    OptionalLong deviceMajor() {
        return hasMagic() ? number(329, 8) : OptionalLong.of(0);
    }

    OptionalLong deviceMinor() {
        return hasMagic() ? number(337, 8) : OptionalLong.of(0);
    }

    boolean sparseGoesOn() {
        return block[482] != 0;
    }

    OptionalLong sparseSize() {
        return number(483, 12);
    }

    private boolean hasMagic() {
        return startsWith(MAGIC_AT, "ustar");
    }

    private boolean startsWith(int at, String text) {
        for (int i = 0; i < text.length(); i++) {
            if (block[at + i] != text.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private byte[] text(int at, int size) {
        int end = at;
        while (end < at + size && block[end] != 0) {
            end++;
        }
        return Arrays.copyOfRange(block, at, end);
    }

    private OptionalLong number(int at, int size) {
        return number(block, at, size);
    }

    private OptionalLong octal(int at, int size) {
        return octal(block, at, size);
    }

    /**
     * Returns a number: octal digits between spaces and NULs, or big-endian with the top bit set. An empty field is 0.
     *
     * @return empty if it is neither, or does not fit
     */
    static OptionalLong number(byte[] block, int at, int size) {
        if ((block[at] & 0x80) == 0) {
            return octal(block, at, size);
        }
        boolean negative = (block[at] & 0x40) != 0;
        long value = negative ? -1 : 0;
        for (int i = 0; i < size; i++) {
            long octet = i == 0 ? block[at] & 0x3F | (negative ? 0xC0 : 0) : Byte.toUnsignedInt(block[at + i]);
            if (value >> 55 != (negative ? -1 : 0)) {
                return OptionalLong.empty();
            }
            value = value << 8 | octet;
        }
        return OptionalLong.of(value);
    }

    private static OptionalLong octal(byte[] block, int at, int size) {
        int i = at;
        int end = at + size;
        while (i < end && (block[i] == ' ' || block[i] == 0)) {
            i++;
        }
        long value = 0;
        for (; i < end && block[i] != ' ' && block[i] != 0; i++) {
            if (block[i] < '0' || block[i] > '7' || value >>> 60 != 0) {
                return OptionalLong.empty();
            }
            value = value << 3 | block[i] - '0';
        }
        return OptionalLong.of(value);
    }
}
