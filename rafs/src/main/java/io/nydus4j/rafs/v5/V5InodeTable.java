package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;

/**
 * Finds the inode record of a name: an array of 4-byte slots, one for each name, the slot of index {@code i} at {@code i - 1}.
 *
 * <p>A slot holds the record's offset in the file divided by 8. The array is padded to a multiple of 8 bytes with zeros. Mirrors
 * {@code RafsV5InodeTable} of the reference. Immutable where it is read; safe for use by several threads then.
 */
public final class V5InodeTable {
    static final String NAME = "inode table";

    private static final int SHIFT = 3;
    /** Records lie behind the superblock. */
    private static final int SMALLEST = V5Superblock.SIZE >>> SHIFT;
    /** Records start before 4 GiB. */
    private static final int LARGEST = 1 << 29;

    private final MemorySegment slots;
    private final long offset;
    private final int entries;

    /**
     * Makes a view of a table.
     *
     * @param file    the whole bootstrap
     * @param offset  start of the table, in bytes
     * @param entries number of names, at least 0
     */
    public V5InodeTable(MemorySegment file, long offset, int entries) {
        this.slots = file.asSlice(offset, 4L * entries);
        this.offset = offset;
        this.entries = entries;
    }

    /** Returns the size of a table of {@code entries} names with its padding, in bytes. */
    public static long size(long entries) {
        return V5Format.align(4 * entries);
    }

    /** Returns the number of names. */
    public int entries() {
        return entries;
    }

    /**
     * Returns where the record of a name starts, in bytes.
     *
     * @param index from 1
     * @throws RafsFormatException if there is no such name, or its slot is no possible offset
     */
    public long recordOffset(long index) throws RafsFormatException {
        if (index <= 0 || index > entries) {
            throw new RafsFormatException(
                    NAME, offset, "expected an inode from 1 to " + entries + ", found " + Long.toUnsignedString(index));
        }
        int slot = slots.get(INT, (index - 1) << 2);
        if (slot <= SMALLEST || slot >= LARGEST) {
            throw new RafsFormatException(
                    NAME, offset + ((index - 1) << 2), "invalid inode offset 0x" + Integer.toHexString(slot));
        }
        return (long) slot << SHIFT;
    }

    /**
     * Sets where the record of a name starts.
     *
     * @param index        from 1
     * @param recordOffset in bytes, behind the superblock, a multiple of 8
     * @throws IllegalArgumentException if one of them is not so
     */
    public void set(long index, long recordOffset) {
        if (index <= 0 || index > entries) {
            throw new IllegalArgumentException("invalid inode index " + index + " of " + entries);
        }
        long slot = recordOffset >>> SHIFT;
        if (recordOffset <= V5Superblock.SIZE || recordOffset % V5Format.ALIGNMENT != 0 || slot >= LARGEST) {
            throw new IllegalArgumentException("invalid inode offset " + recordOffset);
        }
        slots.set(INT, (index - 1) << 2, (int) slot);
    }
}
