package io.nydus4j.rafs.v6;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.LittleEndian;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.FileWindow;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The chunk table: records that say all about a chunk, found by what the chunk index behind an inode holds (blob, index in the blob,
 * uncompressed offset).
 *
 * <p>The records are sorted by digest, so the first look-up builds an index: a hash table of record numbers, 8 to 16 bytes for each
 * record of 80. Its hash is seeded, lest an image could be made to collide. Safe for use by several threads.
 */
final class V6ChunkTable {
    private static final String NAME = "chunk table";
    /** Greatest number of records that are indexed; 2^28 are a table of 20 GiB. */
    private static final long MAX_RECORDS = 1L << 28;

    private final MemorySegment file;
    private final long start;
    private final int count;
    private final int blockBits;
    private final int chunkSize;
    private final List<BlobInfo> blobs;
    private final long seed = ThreadLocalRandom.current().nextLong();
    /** Open addressing: record number + 1, or 0 for a free place. Null until the first look-up; built by one thread. */
    private volatile int @Nullable [] places;

    /**
     * Makes a table.
     *
     * @param file      the whole bootstrap
     * @param start     start of the table in bytes
     * @param size      size of the table in bytes, a checked multiple of 80 that fits in the file
     * @param blockBits binary logarithm of the image's block size
     * @param chunkSize greatest plain size of a chunk in bytes
     * @param blobs     the image's blobs
     * @throws RafsFormatException if there are too many records
     */
    V6ChunkTable(MemorySegment file, long start, long size, int blockBits, int chunkSize, List<BlobInfo> blobs)
            throws RafsFormatException {
        if (size / ChunkRecord.SIZE > MAX_RECORDS) {
            throw new RafsFormatException(NAME, start, size / ChunkRecord.SIZE + " records are too many");
        }
        this.file = file;
        this.start = start;
        this.count = (int) (size / ChunkRecord.SIZE);
        this.blockBits = blockBits;
        this.chunkSize = chunkSize;
        this.blobs = blobs;
    }

    /** Returns a window that shows a record of the table at a time, for they are named in no order. */
    FileWindow window() {
        return new FileWindow(file, ChunkRecord.SIZE);
    }

    /** Returns the number of records. */
    int size() {
        return count;
    }

    /**
     * Returns a record.
     *
     * @param position from 0 to {@link #size()} - 1
     * @throws RafsFormatException if it is broken
     */
    ChunkRecord record(int position) throws RafsFormatException {
        long offset = offset(position);
        return checked(offset, ChunkRecord.read(file, offset));
    }

    private long offset(int position) {
        return start + (long) position * ChunkRecord.SIZE;
    }

    private ChunkRecord checked(long offset, ChunkRecord chunk) throws RafsFormatException {
        int blob = chunk.blobIndex();
        if (blob < 0 || blob >= blobs.size()) {
            throw new RafsFormatException("chunk record", offset, "no blob " + Integer.toUnsignedString(blob));
        }
        BlobInfo info = blobs.get(blob);
        long plain = Integer.toUnsignedLong(chunk.uncompressedSize());
        long plainEnd = V6Constants.roundUp(info.uncompressedSize(), V6Constants.BLOCK_SIZE);
        boolean external = info.features().has(BlobFeatures.EXTERNAL);
        boolean good = plain <= chunkSize
                && (external || V6Constants.fits(chunk.uncompressedOffset(), plain, plainEnd))
                && V6Constants.fits(
                        chunk.compressedOffset(),
                        Integer.toUnsignedLong(chunk.compressedSize()),
                        V6Constants.MAX_COMPRESSED_SIZE)
                && chunk.uncompressedOffset() >= 0
                && chunk.fileOffset() >= 0;
        if (!good) {
            throw new RafsFormatException(
                    "chunk record",
                    offset,
                    "the chunk ends past its blob " + blob + " or is larger than the image's chunks: " + plain
                            + " bytes at " + Long.toUnsignedString(chunk.uncompressedOffset()) + ", stored "
                            + Integer.toUnsignedLong(chunk.compressedSize()) + " at "
                            + Long.toUnsignedString(chunk.compressedOffset()));
        }
        return chunk;
    }

    /**
     * Returns the record that a chunk index names, or null if there is none. Of several the last one counts, as for the reference.
     *
     * @param blobIndex    blob index
     * @param index        index of the chunk in its blob
     * @param blockAddress uncompressed offset in blocks, unsigned 32 bits
     * @param records      shows records of the table
     * @throws RafsFormatException if it is broken
     */
    @Nullable
    ChunkRecord find(int blobIndex, int index, long blockAddress, FileWindow records) throws RafsFormatException {
        int[] table = places();
        int mask = table.length - 1;
        int place = hash(blobIndex, index, blockAddress) & mask;
        while (table[place] != 0) {
            long offset = offset(table[place] - 1);
            int record = records.at(offset, ChunkRecord.SIZE);
            byte[] bytes = records.bytes();
            if (LittleEndian.intAt(bytes, record + ChunkRecord.BLOB_INDEX) == blobIndex
                    && LittleEndian.intAt(bytes, record + ChunkRecord.INDEX) == index
                    && blockAddress(bytes, record) == blockAddress) {
                return checked(offset, ChunkRecord.read(bytes, record));
            }
            place = (place + 1) & mask;
        }
        return null;
    }

    private int[] places() {
        int[] table = places;
        if (table == null) {
            synchronized (this) {
                table = places;
                if (table == null) {
                    table = build();
                    places = table;
                }
            }
        }
        return table;
    }

    private int[] build() {
        int[] table = new int[Math.max(2, Integer.highestOneBit(count) << 2)];
        int mask = table.length - 1;
        FileWindow window = new FileWindow(file);
        for (int position = 0; position < count; position++) {
            int record = window.at(offset(position), ChunkRecord.SIZE);
            byte[] bytes = window.bytes();
            int blobIndex = LittleEndian.intAt(bytes, record + ChunkRecord.BLOB_INDEX);
            int index = LittleEndian.intAt(bytes, record + ChunkRecord.INDEX);
            long blockAddress = blockAddress(bytes, record);
            int place = hash(blobIndex, index, blockAddress) & mask;
            while (table[place] != 0 && !isAt(table[place] - 1, blobIndex, index, blockAddress)) {
                place = (place + 1) & mask;
            }
            // The last of equal records is kept; the others would only make long runs.
            table[place] = position + 1;
        }
        return table;
    }

    private boolean isAt(int position, int blobIndex, int index, long blockAddress) {
        long offset = offset(position);
        return V6Constants.i32(file, offset + ChunkRecord.BLOB_INDEX) == blobIndex
                && V6Constants.i32(file, offset + ChunkRecord.INDEX) == index
                && inBlocks(V6Constants.i64(file, offset + ChunkRecord.UNCOMPRESSED_OFFSET)) == blockAddress;
    }

    private long blockAddress(byte[] bytes, int record) {
        return inBlocks(LittleEndian.longAt(bytes, record + ChunkRecord.UNCOMPRESSED_OFFSET));
    }

    /** Cut to 32 bits, as a chunk index has it. */
    private long inBlocks(long uncompressedOffset) {
        return uncompressedOffset >>> blockBits & V6Constants.MAX_U32;
    }

    private int hash(int blobIndex, int index, long blockAddress) {
        long key = (blockAddress << 32 | Integer.toUnsignedLong(index)) ^ (long) blobIndex << 24 ^ seed;
        key *= 0x9E37_79B9_7F4A_7C15L;
        key ^= key >>> 32;
        key *= 0xD6E8_FEB8_6659_FD93L;
        return (int) (key >>> 32);
    }
}
