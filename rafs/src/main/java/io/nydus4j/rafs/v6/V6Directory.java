package io.nydus4j.rafs.v6;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.DirectoryVisitor;
import io.nydus4j.rafs.FileWindow;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * Reads the blocks of a directory, see {@link V6Dirent}.
 *
 * <p>Entries, {@code .} and {@code ..} among them, are sorted by name over all blocks, bytes unsigned. A look-up relies on that: in a
 * directory that is not sorted it may miss a name, no worse. A walk checks it, so that no name comes twice.
 */
final class V6Directory {
    /** No entry has this name. */
    static final long ABSENT = -1;

    private V6Directory() {}

    /**
     * Returns the number of entries of a block.
     *
     * @param start  start of the block, which lies in the file
     * @param length length of the block in bytes
     * @throws RafsFormatException if the block is broken
     */
    private static int entryCount(MemorySegment file, long start, int length) throws RafsFormatException {
        int names = length < V6Dirent.SIZE ? 0 : V6Dirent.nameOffset(file, start);
        if (names < V6Dirent.SIZE || names % V6Dirent.SIZE != 0 || names > length) {
            throw new RafsFormatException(
                    "directory block", start, "the first of its names is at " + names + " of " + length + " bytes");
        }
        return names / V6Dirent.SIZE;
    }

    /** Returns where the name of an entry starts, in bytes from the start of the block, checked to lie among the names. */
    private static int nameStart(MemorySegment file, long start, int length, int count, int entry)
            throws RafsFormatException {
        int name = V6Dirent.nameOffset(file, start + (long) entry * V6Dirent.SIZE);
        return checkedStart(name, length, count, entry, start);
    }

    private static int checkedStart(int name, int length, int count, int entry, long start) throws RafsFormatException {
        if (name < count * V6Dirent.SIZE || name > length) {
            throw new RafsFormatException(
                    "directory block", start, "name " + entry + " is at " + name + " of " + length + " bytes");
        }
        return name;
    }

    /** Returns where the name of an entry, which starts at {@code name}, ends, in bytes from the start of the block. */
    private static int nameEnd(MemorySegment file, long start, int length, int count, int entry, int name)
            throws RafsFormatException {
        if (entry < count - 1) {
            return checkedEnd(nameStart(file, start, length, count, entry + 1), name, entry, start);
        }
        int end = name;
        while (end < length && file.get(ValueLayout.JAVA_BYTE, start + end) != 0) {
            end++;
        }
        return checkedEnd(end, name, entry, start);
    }

    private static int checkedEnd(int end, int name, int entry, long start) throws RafsFormatException {
        if (end <= name) {
            throw new RafsFormatException("directory block", start, "name " + entry + " is empty");
        }
        return end;
    }

    /** Compares {@code wanted} with the name of an entry. */
    private static int compare(MemorySegment file, long start, int length, int count, int entry, byte[] wanted)
            throws RafsFormatException {
        int name = nameStart(file, start, length, count, entry);
        int end = nameEnd(file, start, length, count, entry, name);
        int common = Math.min(wanted.length, end - name);
        for (int i = 0; i < common; i++) {
            int order = Byte.compareUnsigned(wanted[i], file.get(ValueLayout.JAVA_BYTE, start + name + i));
            if (order != 0) {
                return order;
            }
        }
        return wanted.length - (end - name);
    }

    /**
     * Returns the nid of the entry with a name, or {@link #ABSENT}. Allocates nothing.
     *
     * @throws RafsFormatException if a block on the way is broken
     */
    static long find(V6InodeView directory, byte[] name) throws RafsFormatException {
        MemorySegment file = directory.file();
        // The last block whose first name is not greater.
        long low = 0;
        long high = directory.blockCount() - 1;
        while (low <= high) {
            long middle = (low + high) >>> 1;
            long start = directory.blockStart(middle);
            int length = directory.blockLength(middle);
            int count = entryCount(file, start, length);
            int order = compare(file, start, length, count, 0, name);
            if (order == 0) {
                return nid(file, start, 0);
            }
            if (order < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return high < 0 ? ABSENT : findInBlock(directory, high, name);
    }

    private static long findInBlock(V6InodeView directory, long block, byte[] name) throws RafsFormatException {
        MemorySegment file = directory.file();
        long start = directory.blockStart(block);
        int length = directory.blockLength(block);
        int count = entryCount(file, start, length);
        int low = 1;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = compare(file, start, length, count, middle, name);
            if (order == 0) {
                return nid(file, start, middle);
            }
            if (order < 0) {
                high = middle - 1;
            } else {
                low = middle + 1;
            }
        }
        return ABSENT;
    }

    private static long nid(MemorySegment file, long start, int entry) throws RafsFormatException {
        return checkedNid(V6Dirent.nid(file, start + (long) entry * V6Dirent.SIZE), start, entry);
    }

    private static long checkedNid(long nid, long start, int entry) throws RafsFormatException {
        if (nid <= 0) {
            throw new RafsFormatException(
                    "directory block", start, "entry " + entry + " has nid " + Long.toUnsignedString(nid));
        }
        return nid;
    }

    /** Returns the number of entries without {@code .} and {@code ..}. */
    static int childCount(V6InodeView directory) throws RafsFormatException {
        long total = 0;
        for (long block = 0; block < directory.blockCount(); block++) {
            total += entryCount(directory.file(), directory.blockStart(block), directory.blockLength(block));
        }
        return Math.clamp(total - 2, 0, Integer.MAX_VALUE);
    }

    /**
     * Visits the entries from number {@code startOffset} on.
     *
     * @throws RafsFormatException if the entries are broken, not sorted, or a name could not be one
     */
    static void walk(V6InodeView directory, long startOffset, DirectoryVisitor visitor) throws RafsFormatException {
        MemorySegment file = directory.file();
        FileWindow window = directory.blockWindow();
        long index = 0;
        byte[] previous = {};
        for (long block = 0; block < directory.blockCount(); block++) {
            long start = directory.blockStart(block);
            int length = directory.blockLength(block);
            int count = entryCount(file, start, length);
            if (index + count <= startOffset) {
                index += count;
                continue;
            }
            for (int entry = (int) Math.max(0, startOffset - index); entry < count; entry++) {
                int at = window.at(start, length);
                byte[] bytes = window.bytes();
                byte[] name = name(bytes, at, length, count, entry, start);
                checkName(name, previous, start);
                previous = name;
                int dirent = at + entry * V6Dirent.SIZE;
                long nid = checkedNid(V6Dirent.nid(bytes, dirent), start, entry);
                if (!visitor.entry(name, nid, V6Dirent.type(bytes, dirent), index + entry + 1)) {
                    return;
                }
            }
            index += count;
        }
    }

    /** Returns the name of an entry of a block that was copied to {@code at}. */
    private static byte[] name(byte[] bytes, int at, int length, int count, int entry, long start)
            throws RafsFormatException {
        int dirent = at + entry * V6Dirent.SIZE;
        int name = checkedStart(V6Dirent.nameOffset(bytes, dirent), length, count, entry, start);
        int end = name;
        if (entry < count - 1) {
            end = checkedStart(V6Dirent.nameOffset(bytes, dirent + V6Dirent.SIZE), length, count, entry + 1, start);
        } else {
            while (end < length && bytes[at + end] != 0) {
                end++;
            }
        }
        return Arrays.copyOfRange(bytes, at + name, at + checkedEnd(end, name, entry, start));
    }

    private static void checkName(byte[] name, byte[] previous, long start) throws RafsFormatException {
        for (byte b : name) {
            if (b == 0 || b == '/') {
                throw new RafsFormatException("directory block", start, "a name has a zero byte or a slash");
            }
        }
        if (Arrays.compareUnsigned(previous, name) >= 0) {
            throw new RafsFormatException("directory block", start, "the names are not sorted");
        }
    }
}
