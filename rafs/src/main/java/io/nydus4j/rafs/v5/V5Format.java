package io.nydus4j.rafs.v5;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** What the structures of a v5 bootstrap share: byte order, alignment and the checks of a range. */
final class V5Format {
    /** Little-endian numbers at any address. */
    static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Every structure starts and ends at a multiple of this, in bytes. */
    static final int ALIGNMENT = 8;
    /** Number of the root inode. Mirrors {@code RAFS_V5_ROOT_INODE} of the reference. */
    static final int ROOT_INO = 1;
    /** Largest file that can be read, in bytes. Mirrors {@code RAFS_MAX_METADATA_SIZE} of the reference. */
    static final long MAX_FILE_SIZE = 0x8000_0000L;

    static final int MIN_CHUNK_SIZE = 0x1000;
    static final int MAX_CHUNK_SIZE = 0x100_0000;

    private V5Format() {}

    /** Rounds up to a multiple of {@value #ALIGNMENT}; {@code size} leaves room for that. */
    static long align(long size) {
        return (size + ALIGNMENT - 1) & -ALIGNMENT;
    }

    /**
     * Checks that a table starts at a multiple of {@value #ALIGNMENT} and does not wrap around.
     *
     * @param start         in bytes, unsigned as stored
     * @param size          in bytes, at least 0
     * @param alignedLength whether the size must be a multiple of {@value #ALIGNMENT}, too
     */
    static void checkRange(String structure, long start, long size, boolean alignedLength) throws RafsFormatException {
        if (start % ALIGNMENT != 0 || (alignedLength && size % ALIGNMENT != 0)) {
            throw new RafsFormatException(structure, start, "expected multiples of 8, found " + size + " bytes");
        }
        if (start < 0 && start + size >= 0 && size > 0) {
            throw new RafsFormatException(structure, start, "its " + size + " bytes pass the end of all offsets");
        }
    }

    /** Checks that a table lies between the superblock and the end of the file. */
    static void checkInside(String structure, long start, long size, long fileSize) throws RafsFormatException {
        if (start < V5Superblock.SIZE || start > fileSize || size > fileSize - start) {
            throw new RafsFormatException(
                    structure, start, "expected it inside of the " + fileSize + " bytes, found " + size + " bytes");
        }
    }

    /** Checks that two tables, both inside of the file, share no byte. */
    static void checkDisjoint(String structure, long start, long size, String other, long otherStart, long otherSize)
            throws RafsFormatException {
        if (start < otherStart + otherSize && start + size > otherStart) {
            throw new RafsFormatException(structure, start, "it overlaps the " + other);
        }
    }
}
