package io.nydus4j.rafs.v5;

import static io.nydus4j.rafs.v5.V5Format.INT;
import static io.nydus4j.rafs.v5.V5Format.LONG;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.Superblock;
import io.nydus4j.rafs.SuperblockFlags;
import java.lang.foreign.MemorySegment;

/**
 * The superblock of a v5 bootstrap, its first {@value #SIZE} bytes.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    4 magic, 0x52414653
 *     4    4 version, 0x500
 *     8    4 size of the superblock, 8192
 *    12    4 block size: the size of a whole chunk
 *    16    8 flags, see {@link SuperblockFlags}
 *    24    8 inodes count: distinct inodes
 *    32    8 offset of the inode table
 *    40    8 offset of the prefetch table
 *    48    8 offset of the blob table
 *    56    4 entries of the inode table: names
 *    60    4 entries of the prefetch table
 *    64    4 size of the blob table in bytes, padding included
 *    68    4 entries of the extended blob table
 *    72    8 offset of the extended blob table; 0 in images older than the table
 *    80 8112 reserved, zero
 * </pre>
 * Mirrors {@code RafsV5SuperBlock} of the reference. Offsets count bytes from the start of the file.
 *
 * @param blockSize                size of a whole chunk, in bytes
 * @param flags                    bits as stored
 * @param inodesCount              distinct inodes; some old images have a wrong number
 * @param inodeTableOffset         in bytes
 * @param prefetchTableOffset      in bytes; set even if the table has no entries
 * @param blobTableOffset          in bytes; set even if the table is empty
 * @param inodeTableEntries        names, unsigned
 * @param prefetchTableEntries     unsigned
 * @param blobTableSize            in bytes, unsigned
 * @param extendedBlobTableEntries unsigned
 * @param extendedBlobTableOffset  in bytes
 */
public record V5Superblock(
        int blockSize,
        SuperblockFlags flags,
        long inodesCount,
        long inodeTableOffset,
        long prefetchTableOffset,
        long blobTableOffset,
        int inodeTableEntries,
        int prefetchTableEntries,
        int blobTableSize,
        int extendedBlobTableEntries,
        long extendedBlobTableOffset) {
    /** Length of a superblock in bytes. */
    public static final int SIZE = 8192;
    /** First number of the file: {@code RAFS} read as a big-endian number. Mirrors {@code RAFSV5_SUPER_MAGIC}. */
    public static final int MAGIC = 0x5241_4653;

    private static final int VERSION = 4;
    private static final int SUPERBLOCK_SIZE = 8;
    private static final int BLOCK_SIZE = 12;
    private static final int FLAGS = 16;
    private static final int INODES_COUNT = 24;
    private static final int INODE_TABLE_OFFSET = 32;
    private static final int PREFETCH_TABLE_OFFSET = 40;
    private static final int BLOB_TABLE_OFFSET = 48;
    private static final int INODE_TABLE_ENTRIES = 56;
    private static final int PREFETCH_TABLE_ENTRIES = 60;
    private static final int BLOB_TABLE_SIZE = 64;
    private static final int EXTENDED_BLOB_TABLE_ENTRIES = 68;
    private static final int EXTENDED_BLOB_TABLE_OFFSET = 72;

    private static final String NAME = "superblock";

    /** Tells whether {@code file} starts like a v5 bootstrap. */
    static boolean matches(MemorySegment file) {
        return file.byteSize() >= 8 && file.get(INT, 0) == MAGIC && file.get(INT, VERSION) == RafsVersion.V5.number();
    }

    /**
     * Reads and checks the superblock, and the places of the tables it names.
     *
     * @param file the whole bootstrap
     * @throws RafsFormatException if it is not that of a sound v5 bootstrap
     */
    public static V5Superblock read(MemorySegment file) throws RafsFormatException {
        if (!matches(file)) {
            throw new RafsFormatException(NAME, 0, "no RAFS v5 magic and version");
        }
        if (file.byteSize() <= SIZE) {
            throw new RafsFormatException(
                    NAME, 0, "expected a file of more than " + SIZE + " bytes, found " + file.byteSize());
        }
        if (file.get(INT, SUPERBLOCK_SIZE) != SIZE) {
            throw new RafsFormatException(
                    NAME,
                    SUPERBLOCK_SIZE,
                    "expected size " + SIZE + ", found " + Integer.toUnsignedString(file.get(INT, SUPERBLOCK_SIZE)));
        }
        V5Superblock superblock = new V5Superblock(
                file.get(INT, BLOCK_SIZE),
                new SuperblockFlags(file.get(LONG, FLAGS)),
                file.get(LONG, INODES_COUNT),
                file.get(LONG, INODE_TABLE_OFFSET),
                file.get(LONG, PREFETCH_TABLE_OFFSET),
                file.get(LONG, BLOB_TABLE_OFFSET),
                file.get(INT, INODE_TABLE_ENTRIES),
                file.get(INT, PREFETCH_TABLE_ENTRIES),
                file.get(INT, BLOB_TABLE_SIZE),
                file.get(INT, EXTENDED_BLOB_TABLE_ENTRIES),
                file.get(LONG, EXTENDED_BLOB_TABLE_OFFSET));
        superblock.check(file.byteSize());
        return superblock;
    }

    private void check(long fileSize) throws RafsFormatException {
        if (Integer.bitCount(blockSize) != 1
                || blockSize < V5Format.MIN_CHUNK_SIZE
                || blockSize > V5Format.MAX_CHUNK_SIZE) {
            throw new RafsFormatException(
                    NAME,
                    BLOCK_SIZE,
                    "expected a chunk size of a power of two from 4096 to 16777216, found "
                            + Integer.toUnsignedString(blockSize));
        }
        long unknown = flags.bits() & ~SuperblockFlags.KNOWN;
        if (unknown != 0) {
            throw new RafsFormatException(NAME, FLAGS, "unknown flags 0x" + Long.toHexString(unknown));
        }
        if (fileSize % V5Format.ALIGNMENT != 0 || fileSize > V5Format.MAX_FILE_SIZE) {
            throw new RafsFormatException(
                    NAME, -1, "expected a file of a multiple of 8 and at most 2 GiB, found " + fileSize + " bytes");
        }
        checkTables(fileSize);
    }

    private void checkTables(long fileSize) throws RafsFormatException {
        long inodesSize = 4 * Integer.toUnsignedLong(inodeTableEntries);
        long blobsSize = Integer.toUnsignedLong(blobTableSize);
        long extendedSize = V5ExtendedBlobEntry.SIZE * Integer.toUnsignedLong(extendedBlobTableEntries);
        long prefetchSize = 4 * Integer.toUnsignedLong(prefetchTableEntries);

        V5Format.checkRange(V5InodeTable.NAME, inodeTableOffset, inodesSize, false);
        if (Long.compareUnsigned(inodesCount, Integer.toUnsignedLong(inodeTableEntries)) > 0) {
            throw new RafsFormatException(
                    NAME,
                    INODES_COUNT,
                    "expected at most " + Integer.toUnsignedString(inodeTableEntries) + " inodes, found "
                            + Long.toUnsignedString(inodesCount));
        }
        V5Format.checkInside(V5InodeTable.NAME, inodeTableOffset, inodesSize, fileSize);

        V5Format.checkRange(V5BlobTable.NAME, blobTableOffset, blobsSize, true);
        V5Format.checkInside(V5BlobTable.NAME, blobTableOffset, blobsSize, fileSize);
        V5Format.checkDisjoint(
                V5BlobTable.NAME, blobTableOffset, blobsSize, V5InodeTable.NAME, inodeTableOffset, inodesSize);

        V5Format.checkRange(V5ExtendedBlobEntry.TABLE, extendedBlobTableOffset, extendedSize, true);
        if (extendedSize != 0) {
            checkOptional(V5ExtendedBlobEntry.TABLE, extendedBlobTableOffset, extendedSize, fileSize);
        }

        V5Format.checkRange(V5PrefetchTable.NAME, prefetchTableOffset, prefetchSize, false);
        if (prefetchSize != 0) {
            checkOptional(V5PrefetchTable.NAME, prefetchTableOffset, prefetchSize, fileSize);
            if (extendedSize != 0) {
                V5Format.checkDisjoint(
                        V5PrefetchTable.NAME,
                        prefetchTableOffset,
                        prefetchSize,
                        V5ExtendedBlobEntry.TABLE,
                        extendedBlobTableOffset,
                        extendedSize);
            }
        }
    }

    /** Checks a table that may be absent against the two that are always there. */
    private void checkOptional(String structure, long start, long size, long fileSize) throws RafsFormatException {
        V5Format.checkInside(structure, start, size, fileSize);
        V5Format.checkDisjoint(
                structure,
                start,
                size,
                V5InodeTable.NAME,
                inodeTableOffset,
                4 * Integer.toUnsignedLong(inodeTableEntries));
        V5Format.checkDisjoint(
                structure, start, size, V5BlobTable.NAME, blobTableOffset, Integer.toUnsignedLong(blobTableSize));
    }

    /** Writes the superblock at the start of {@code file}, whose first {@value #SIZE} bytes are zero. */
    public void write(MemorySegment file) {
        file.set(INT, 0, MAGIC);
        file.set(INT, VERSION, RafsVersion.V5.number());
        file.set(INT, SUPERBLOCK_SIZE, SIZE);
        file.set(INT, BLOCK_SIZE, blockSize);
        file.set(LONG, FLAGS, flags.bits());
        file.set(LONG, INODES_COUNT, inodesCount);
        file.set(LONG, INODE_TABLE_OFFSET, inodeTableOffset);
        file.set(LONG, PREFETCH_TABLE_OFFSET, prefetchTableOffset);
        file.set(LONG, BLOB_TABLE_OFFSET, blobTableOffset);
        file.set(INT, INODE_TABLE_ENTRIES, inodeTableEntries);
        file.set(INT, PREFETCH_TABLE_ENTRIES, prefetchTableEntries);
        file.set(INT, BLOB_TABLE_SIZE, blobTableSize);
        file.set(INT, EXTENDED_BLOB_TABLE_ENTRIES, extendedBlobTableEntries);
        file.set(LONG, EXTENDED_BLOB_TABLE_OFFSET, extendedBlobTableOffset);
    }

    /** Returns what this superblock says, in the form that both versions share. */
    public Superblock summary() {
        return new Superblock(
                MAGIC,
                RafsVersion.V5,
                SIZE,
                blockSize,
                0,
                inodesCount,
                flags,
                inodeTableEntries,
                inodeTableOffset,
                blobTableOffset,
                Integer.toUnsignedLong(blobTableSize),
                extendedBlobTableOffset,
                extendedBlobTableEntries,
                0,
                0,
                prefetchTableOffset,
                prefetchTableEntries,
                0,
                0,
                0,
                0);
    }
}
