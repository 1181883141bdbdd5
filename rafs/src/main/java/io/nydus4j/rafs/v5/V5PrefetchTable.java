package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * What is worth prefetching: an array of 4-byte inode numbers in the order of the build's patterns, padded to a multiple of 8 bytes
 * with zeros. A directory stands for all below it. Mirrors {@code RafsV5PrefetchTable} of the reference.
 */
public final class V5PrefetchTable {
    static final String NAME = "prefetch table";

    private V5PrefetchTable() {}

    /** Returns the size of a table with its padding, in bytes. */
    public static long size(long entries) {
        return V5Format.align(4 * entries);
    }

    /**
     * Reads the numbers as they are, zeros included.
     *
     * @param file    the whole bootstrap
     * @param offset  start of the table, in bytes
     * @param entries unsigned
     * @throws RafsFormatException if the table does not fit
     */
    public static List<Long> read(MemorySegment file, long offset, int entries) throws RafsFormatException {
        long size = 4 * Integer.toUnsignedLong(entries);
        if (offset < 0 || offset > file.byteSize() || size > file.byteSize() - offset) {
            throw new RafsFormatException(NAME, offset, "it passes the end of the file");
        }
        List<Long> numbers = new ArrayList<>(entries);
        for (int i = 0; i < entries; i++) {
            numbers.add(Integer.toUnsignedLong(file.get(INT, offset + 4L * i)));
        }
        return List.copyOf(numbers);
    }

    /** Writes the numbers at {@code offset}. */
    public static void write(MemorySegment file, long offset, int[] numbers) {
        MemorySegment.copy(numbers, 0, file, INT, offset, numbers.length);
    }
}
