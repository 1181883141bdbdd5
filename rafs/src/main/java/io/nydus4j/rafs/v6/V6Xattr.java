package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.put16;
import static io.nydus4j.rafs.v6.V6Constants.put8;
import static io.nydus4j.rafs.v6.V6Constants.putBytes;
import static io.nydus4j.rafs.v6.V6Constants.roundUp;
import static io.nydus4j.rafs.v6.V6Constants.u16;
import static io.nydus4j.rafs.v6.V6Constants.u8;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.tree.Xattr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * The area of extended attributes behind an inode: a header, then entries, each padded with zeros to a multiple of 4 bytes.
 *
 * <p>Header on disk (little-endian, {@value #HEADER_SIZE} bytes):
 * <pre>
 *   off size name
 *     0    4 reserved, zero
 *     4    1 number of shared xattrs, 0
 *     5    7 reserved, zero
 * </pre>
 * Entry on disk ({@value #ENTRY_SIZE} bytes, then name and value):
 * <pre>
 *   off size name
 *     0    1 length of the name without its prefix
 *     1    1 prefix: 1 user., 2 system.posix_acl_access, 3 system.posix_acl_default, 4 trusted., 6 security.
 *     2    2 length of the value
 * </pre>
 * Mirrors {@code RafsV6XattrIbodyHeader} and {@code RafsV6XattrEntry} of the reference.
 */
final class V6Xattr {
    static final int HEADER_SIZE = 12;
    static final int ENTRY_SIZE = 4;

    /** Greatest length of a full name in bytes. */
    static final int MAX_NAME_LENGTH = 255;
    /** Greatest length of a value in bytes. */
    static final int MAX_VALUE_LENGTH = 0xFFFF;
    /** Greatest count that an inode can hold for its xattr area. */
    static final int MAX_COUNT = 0xFFFF;

    private static final int SHARED_COUNT = 4;
    private static final int PREFIX = 1;
    private static final int VALUE_LENGTH = 2;

    /** The prefixes by index; 0 and 5 are of no use in RAFS. */
    private static final byte[][] PREFIXES = {
        {},
        ascii("user."),
        ascii("system.posix_acl_access"),
        ascii("system.posix_acl_default"),
        ascii("trusted."),
        {},
        ascii("security.")
    };

    private V6Xattr() {}

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /** Returns the size of an area in bytes from the count in the inode. */
    static int areaSize(int count) {
        return count == 0 ? 0 : HEADER_SIZE + ENTRY_SIZE * (count - 1);
    }

    /** Returns the count in the inode for an area of {@code size} bytes. */
    static int count(int size) {
        return size == 0 ? 0 : (size - HEADER_SIZE) / ENTRY_SIZE + 1;
    }

    /**
     * Checks the entry at {@code offset}.
     *
     * @param file   the whole bootstrap
     * @param offset start of an entry
     * @param end    end of the area, at most the end of the file
     * @throws RafsFormatException if the entry ends past the area or has an unknown prefix
     */
    static void checkEntry(MemorySegment file, long offset, long end) throws RafsFormatException {
        if (end - offset < ENTRY_SIZE || end - offset < entryLength(file, offset)) {
            throw new RafsFormatException("xattr", offset, "the entry ends past the xattrs of its inode");
        }
        int prefix = u8(file, offset + PREFIX);
        if (prefix >= PREFIXES.length || PREFIXES[prefix].length == 0) {
            throw new RafsFormatException("xattr", offset, "unknown name prefix " + prefix);
        }
    }

    /**
     * Checks the header of an area.
     *
     * @throws RafsFormatException if there are shared xattrs, which RAFS has not
     */
    static void checkHeader(MemorySegment file, long offset) throws RafsFormatException {
        int shared = u8(file, offset + SHARED_COUNT);
        if (shared != 0) {
            throw new RafsFormatException("xattr header", offset, "expected no shared xattrs, found " + shared);
        }
    }

    /** Returns the length of the entry at {@code offset} without padding, in bytes. */
    static int entryLength(MemorySegment file, long offset) {
        return ENTRY_SIZE + u8(file, offset) + u16(file, offset + VALUE_LENGTH);
    }

    /** Returns where the entry after the checked one at {@code offset} starts. */
    static long next(MemorySegment file, long offset) {
        return offset + roundUp(entryLength(file, offset), ENTRY_SIZE);
    }

    /** Returns the full name of the checked entry at {@code offset}. */
    static byte[] name(MemorySegment file, long offset) {
        byte[] prefix = PREFIXES[u8(file, offset + PREFIX)];
        int length = u8(file, offset);
        byte[] name = Arrays.copyOf(prefix, prefix.length + length);
        MemorySegment.copy(file, ValueLayout.JAVA_BYTE, offset + ENTRY_SIZE, name, prefix.length, length);
        return name;
    }

    /** Tells whether the checked entry at {@code offset} has this full name. */
    static boolean isNamed(MemorySegment file, long offset, byte[] name) {
        byte[] prefix = PREFIXES[u8(file, offset + PREFIX)];
        int length = u8(file, offset);
        if (name.length != prefix.length + length || !Arrays.equals(prefix, 0, prefix.length, name, 0, prefix.length)) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if ((byte) u8(file, offset + ENTRY_SIZE + i) != name[prefix.length + i]) {
                return false;
            }
        }
        return true;
    }

    /** Returns the value of the checked entry at {@code offset}. */
    static byte[] value(MemorySegment file, long offset) {
        return V6Constants.bytes(file, offset + ENTRY_SIZE + u8(file, offset), u16(file, offset + VALUE_LENGTH));
    }

    /**
     * Returns the size in bytes of the area for some xattrs; 0 if there are none.
     *
     * @throws IllegalArgumentException if the format cannot hold them
     */
    static int areaSize(List<Xattr> xattrs) {
        if (xattrs.isEmpty()) {
            return 0;
        }
        long size = HEADER_SIZE;
        for (Xattr xattr : xattrs) {
            byte[] name = xattr.name();
            if (name.length > MAX_NAME_LENGTH || xattr.value().length > MAX_VALUE_LENGTH) {
                throw new IllegalArgumentException("xattr " + text(name) + " is too big: a name of " + name.length
                        + " and a value of " + xattr.value().length + " bytes");
            }
            size += roundUp(
                    ENTRY_SIZE + name.length - PREFIXES[prefix(name)].length + xattr.value().length, ENTRY_SIZE);
        }
        if ((size - HEADER_SIZE) / ENTRY_SIZE + 1 > MAX_COUNT) {
            throw new IllegalArgumentException(size + " bytes of xattrs are too many");
        }
        return (int) size;
    }

    /** Writes the area for {@code xattrs}, which are not empty and fit, at {@code offset}. */
    static void write(MemorySegment file, long offset, List<Xattr> xattrs) {
        long position = offset + HEADER_SIZE;
        for (Xattr xattr : xattrs) {
            byte[] name = xattr.name();
            int prefix = prefix(name);
            byte[] suffix = Arrays.copyOfRange(name, PREFIXES[prefix].length, name.length);
            put8(file, position, suffix.length);
            put8(file, position + PREFIX, prefix);
            put16(file, position + VALUE_LENGTH, xattr.value().length);
            putBytes(file, position + ENTRY_SIZE, suffix);
            putBytes(file, position + ENTRY_SIZE + suffix.length, xattr.value());
            position = next(file, position);
        }
    }

    private static int prefix(byte[] name) {
        for (int i = 0; i < PREFIXES.length; i++) {
            byte[] prefix = PREFIXES[i];
            if (prefix.length != 0
                    && name.length >= prefix.length
                    && Arrays.equals(prefix, 0, prefix.length, name, 0, prefix.length)) {
                return i;
            }
        }
        throw new IllegalArgumentException("invalid xattr key " + text(name));
    }

    private static String text(byte[] name) {
        return new String(name, StandardCharsets.UTF_8);
    }
}
