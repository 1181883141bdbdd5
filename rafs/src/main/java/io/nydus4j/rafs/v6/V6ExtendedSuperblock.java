package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.BLOCK_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.fits;
import static io.nydus4j.rafs.v6.V6Constants.i64;
import static io.nydus4j.rafs.v6.V6Constants.put32;
import static io.nydus4j.rafs.v6.V6Constants.put64;
import static io.nydus4j.rafs.v6.V6Constants.u32;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.SuperblockFlags;
import java.lang.foreign.MemorySegment;

/**
 * What RAFS keeps behind the EROFS superblock: flags and the places of its tables.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes at offset {@value #OFFSET} of the bootstrap):
 * <pre>
 *   off size name
 *     0    8 flags, see {@link SuperblockFlags}
 *     8    8 blob table, offset in bytes, a multiple of 4096
 *    16    4 blob table, size in bytes
 *    20    4 chunk size in bytes
 *    24    8 chunk table, offset in bytes, a multiple of 4096
 *    32    8 chunk table, size in bytes
 *    40    8 prefetch table, offset in bytes, 0 if there is none
 *    48    4 prefetch table, size in bytes, 0 if there is none
 *    52    4 padding, zero
 *    56  200 reserved, zero
 * </pre>
 * Mirrors {@code RafsV6SuperBlockExt} of the reference.
 *
 * @param flags               flag bits
 * @param blobTableOffset     bytes
 * @param blobTableSize       bytes, unsigned 32 bits
 * @param chunkSize           bytes, a power of two from 4096 to 16 MiB
 * @param chunkTableOffset    bytes
 * @param chunkTableSize      bytes
 * @param prefetchTableOffset bytes
 * @param prefetchTableSize   bytes, unsigned 32 bits
 */
record V6ExtendedSuperblock(
        SuperblockFlags flags,
        long blobTableOffset,
        long blobTableSize,
        int chunkSize,
        long chunkTableOffset,
        long chunkTableSize,
        long prefetchTableOffset,
        long prefetchTableSize) {
    static final int OFFSET = V6Superblock.OFFSET + V6Superblock.SIZE;
    static final int SIZE = 256;

    private static final int FLAGS = 0;
    private static final int BLOB_TABLE_OFFSET = 8;
    private static final int BLOB_TABLE_SIZE = 16;
    private static final int CHUNK_SIZE = 20;
    private static final int CHUNK_TABLE_OFFSET = 24;
    private static final int CHUNK_TABLE_SIZE = 32;
    private static final int PREFETCH_TABLE_OFFSET = 40;
    private static final int PREFETCH_TABLE_SIZE = 48;

    private static final String NAME = "extended superblock";

    /**
     * Reads and checks the extended superblock, and that the tables it names are in the file, apart from each other and behind the
     * device table.
     *
     * @param file        the whole bootstrap, at least 4096 bytes; not kept
     * @param deviceCount number of slots of the device table
     * @throws RafsFormatException if a field has a value that no reader may accept
     */
    static V6ExtendedSuperblock read(MemorySegment file, int deviceCount) throws RafsFormatException {
        SuperblockFlags flags = new SuperblockFlags(i64(file, OFFSET + FLAGS));
        long chunkSize = u32(file, OFFSET + CHUNK_SIZE);
        checkFlags(flags);
        check(isChunkSize(chunkSize), "expected a power of two from 4096 to 16 MiB as chunk size, found " + chunkSize);
        V6ExtendedSuperblock block = new V6ExtendedSuperblock(
                flags,
                i64(file, OFFSET + BLOB_TABLE_OFFSET),
                u32(file, OFFSET + BLOB_TABLE_SIZE),
                (int) chunkSize,
                i64(file, OFFSET + CHUNK_TABLE_OFFSET),
                i64(file, OFFSET + CHUNK_TABLE_SIZE),
                i64(file, OFFSET + PREFETCH_TABLE_OFFSET),
                u32(file, OFFSET + PREFETCH_TABLE_SIZE));
        block.checkTables(file.byteSize(), V6Device.TABLE_OFFSET + (long) deviceCount * V6Device.SIZE);
        return block;
    }

    /** Tells whether {@code size} is a power of two from 4096 to 16 MiB. */
    static boolean isChunkSize(long size) {
        return Long.bitCount(size) == 1 && size >= V6Constants.MIN_CHUNK_SIZE && size <= V6Constants.MAX_CHUNK_SIZE;
    }

    /** Tells whether there is a prefetch table; old images have a size but no offset, which stands for none. */
    boolean hasPrefetchTable() {
        return prefetchTableSize != 0 && prefetchTableOffset != 0;
    }

    /** Writes the extended superblock at its place in {@code file}. */
    void write(MemorySegment file) {
        put64(file, OFFSET + FLAGS, flags.bits());
        put64(file, OFFSET + BLOB_TABLE_OFFSET, blobTableOffset);
        put32(file, OFFSET + BLOB_TABLE_SIZE, (int) blobTableSize);
        put32(file, OFFSET + CHUNK_SIZE, chunkSize);
        put64(file, OFFSET + CHUNK_TABLE_OFFSET, chunkTableOffset);
        put64(file, OFFSET + CHUNK_TABLE_SIZE, chunkTableSize);
        put64(file, OFFSET + PREFETCH_TABLE_OFFSET, prefetchTableOffset);
        put32(file, OFFSET + PREFETCH_TABLE_SIZE, (int) prefetchTableSize);
    }

    private static void checkFlags(SuperblockFlags flags) throws RafsFormatException {
        long bits = flags.bits();
        check((bits & ~SuperblockFlags.KNOWN) == 0, "unknown flags in 0x" + Long.toHexString(bits));
        check(
                Long.bitCount(bits & SuperblockFlags.COMPRESSIONS) == 1,
                "expected one compression flag, found 0x" + Long.toHexString(bits));
        check(
                Long.bitCount(bits & SuperblockFlags.HASHES) == 1,
                "expected one digest flag, found 0x" + Long.toHexString(bits));
    }

    private void checkTables(long fileSize, long deviceTableEnd) throws RafsFormatException {
        long least = Math.max(BLOCK_SIZE, deviceTableEnd);
        boolean blobs = blobTableOffset % BLOCK_SIZE == 0
                && blobTableOffset >= least
                && blobTableSize % V6BlobEntry.SIZE == 0
                && fits(blobTableOffset, blobTableSize, fileSize);
        check(blobs, "broken blob table: " + blobTableSize + " bytes at " + blobTableOffset);
        if (chunkTableSize != 0) {
            boolean chunks = chunkTableOffset % BLOCK_SIZE == 0
                    && chunkTableOffset >= least
                    && chunkTableSize % ChunkRecord.SIZE == 0
                    && fits(chunkTableOffset, chunkTableSize, fileSize)
                    && apart(chunkTableOffset, chunkTableSize, blobTableOffset, blobTableSize);
            check(chunks, "broken chunk table: " + chunkTableSize + " bytes at " + chunkTableOffset);
        }
        if (hasPrefetchTable()) {
            boolean prefetch = prefetchTableOffset % 8 == 0
                    && prefetchTableOffset >= least
                    && prefetchTableSize % Integer.BYTES == 0
                    && fits(prefetchTableOffset, prefetchTableSize, fileSize)
                    && apart(prefetchTableOffset, prefetchTableSize, blobTableOffset, blobTableSize)
                    && apart(prefetchTableOffset, prefetchTableSize, chunkTableOffset, chunkTableSize);
            check(prefetch, "broken prefetch table: " + prefetchTableSize + " bytes at " + prefetchTableOffset);
        }
    }

    /** Tells whether two ranges have no byte in common; an empty one has none with any. */
    private static boolean apart(long offset, long size, long otherOffset, long otherSize) {
        return size == 0 || otherSize == 0 || offset + size <= otherOffset || otherOffset + otherSize <= offset;
    }

    private static void check(boolean good, String problem) throws RafsFormatException {
        if (!good) {
            throw new RafsFormatException(NAME, OFFSET, problem);
        }
    }
}
