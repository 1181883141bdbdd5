package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;
import static io.nydus4j.rafs.v5.V5Format.LONG;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.tree.Xattr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The xattr area of an inode record.
 *
 * <p>On disk (little-endian):
 * <pre>
 *   off size name
 *     0    8 length of all pairs
 *     8      pairs without padding, each:
 *            4 length of the rest of the pair
 *              name
 *            1 zero
 *              value
 * </pre>
 * The area is padded to a multiple of 8 bytes with zeros. Pairs may have any order; one without a zero byte does not count. Mirrors
 * {@code RafsXAttrs} of the reference.
 */
public final class V5Xattrs {
    /** Length of the header in bytes. */
    static final int HEADER_SIZE = 8;
    /** Longer than what any file system lets an inode have; keeps hostile pairs from filling the memory. */
    static final long MAX_SIZE = 1 << 24;

    private static final int PAIR_HEADER_SIZE = 4;

    private V5Xattrs() {}

    /** Returns the length of the pairs of {@code xattrs}, in bytes. */
    public static long pairsSize(List<Xattr> xattrs) {
        long size = 0;
        for (Xattr xattr : xattrs) {
            size += PAIR_HEADER_SIZE + xattr.name().length + 1L + xattr.value().length;
        }
        return size;
    }

    /** Returns the length of the area of {@code xattrs} with header and padding, in bytes; 0 if there are none. */
    public static long areaSize(List<Xattr> xattrs) {
        return xattrs.isEmpty() ? 0 : HEADER_SIZE + V5Format.align(pairsSize(xattrs));
    }

    /** Takes a pair; returns whether to go on. */
    @FunctionalInterface
    private interface PairVisitor {
        boolean pair(long name, long nameEnd, long value, long valueEnd);
    }

    /**
     * Visits pairs.
     *
     * @param file   the whole bootstrap
     * @param offset start of the pairs, in bytes
     * @param size   length of the pairs, in bytes, inside of the file
     */
    private static void visit(MemorySegment file, long offset, long size, PairVisitor visitor)
            throws RafsFormatException {
        long position = offset;
        long end = offset + size;
        while (position < end) {
            if (end - position < PAIR_HEADER_SIZE) {
                throw new RafsFormatException("xattrs", position, "a pair is cut off");
            }
            long pairSize = Integer.toUnsignedLong(file.get(INT, position));
            long name = position + PAIR_HEADER_SIZE;
            if (pairSize > end - name) {
                throw new RafsFormatException(
                        "xattrs", position, "expected a pair of at most " + (end - name) + " bytes, found " + pairSize);
            }
            long pairEnd = name + pairSize;
            long nameEnd = name;
            while (nameEnd < pairEnd && file.get(ValueLayout.JAVA_BYTE, nameEnd) != 0) {
                nameEnd++;
            }
            if (nameEnd < pairEnd && !visitor.pair(name, nameEnd, nameEnd + 1, pairEnd)) {
                return;
            }
            position = pairEnd;
        }
    }

    /** Returns the value of the first pair of this name, or null. */
    static byte @Nullable [] find(MemorySegment file, long offset, long size, byte[] wanted)
            throws RafsFormatException {
        MemorySegment wantedName = MemorySegment.ofArray(wanted);
        byte[][] found = new byte[1][];
        visit(file, offset, size, (name, nameEnd, value, valueEnd) -> {
            if (nameEnd - name != wanted.length
                    || MemorySegment.mismatch(file, name, nameEnd, wantedName, 0, wanted.length) >= 0) {
                return true;
            }
            found[0] = bytes(file, value, valueEnd);
            return false;
        });
        return found[0];
    }

    /** Returns all names in stored order. */
    static List<byte[]> names(MemorySegment file, long offset, long size) throws RafsFormatException {
        List<byte[]> names = new ArrayList<>();
        visit(file, offset, size, (name, nameEnd, value, valueEnd) -> names.add(bytes(file, name, nameEnd)));
        return names;
    }

    /**
     * Returns all pairs in stored order.
     *
     * @param file   holds the pairs
     * @param offset start of the pairs, in bytes
     * @param size   length of the pairs, in bytes
     * @throws RafsFormatException if a pair, or the whole of them, is cut off
     */
    public static List<Xattr> read(MemorySegment file, long offset, long size) throws RafsFormatException {
        if (offset < 0 || size < 0 || offset > file.byteSize() || size > file.byteSize() - offset) {
            throw new RafsFormatException("xattrs", offset, "its " + size + " bytes pass the end");
        }
        List<Xattr> xattrs = new ArrayList<>();
        visit(
                file,
                offset,
                size,
                (name, nameEnd, value, valueEnd) ->
                        xattrs.add(new Xattr(bytes(file, name, nameEnd), bytes(file, value, valueEnd))));
        return xattrs;
    }

    private static byte[] bytes(MemorySegment file, long start, long end) {
        return file.asSlice(start, end - start).toArray(ValueLayout.JAVA_BYTE);
    }

    /** Writes the area of {@code xattrs}, which has at least one, at {@code offset}. */
    static void write(MemorySegment file, long offset, List<Xattr> xattrs) {
        file.set(LONG, offset, pairsSize(xattrs));
        long position = offset + HEADER_SIZE;
        for (Xattr xattr : xattrs) {
            byte[] name = xattr.name();
            byte[] value = xattr.value();
            file.set(INT, position, name.length + 1 + value.length);
            position += PAIR_HEADER_SIZE;
            MemorySegment.copy(name, 0, file, ValueLayout.JAVA_BYTE, position, name.length);
            position += name.length + 1;
            MemorySegment.copy(value, 0, file, ValueLayout.JAVA_BYTE, position, value.length);
            position += value.length;
        }
    }
}
