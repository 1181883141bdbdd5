package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.bytes;
import static io.nydus4j.rafs.v6.V6Constants.put32;
import static io.nydus4j.rafs.v6.V6Constants.putBytes;
import static io.nydus4j.rafs.v6.V6Constants.u32;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * A slot of the device table: where a data blob sits in the image's block space. Slot {@code i} is of blob {@code i} and is the
 * device {@code i + 1} of EROFS.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes; the table starts at offset {@value #TABLE_OFFSET}):
 * <pre>
 *   off size name
 *     0   64 blob id, zero padded
 *    64    4 blocks, in units of the image's block size
 *    68    4 first block of the mapping
 *    72   56 reserved, zero
 * </pre>
 * Mirrors {@code RafsV6Device} of the reference.
 *
 * @param blobId      the blob's id as stored, without trailing NULs
 * @param blocks      length of the blob's uncompressed address space, in blocks, unsigned 32 bits
 * @param mappedBlock start of the blob in the image's block space, in blocks, unsigned 32 bits
 */
public record V6Device(String blobId, long blocks, long mappedBlock) {
    /** Length of a slot in bytes. */
    public static final int SIZE = 128;
    /** Where the table starts, in bytes from the start of the bootstrap. */
    public static final int TABLE_OFFSET = V6ExtendedSuperblock.OFFSET + V6ExtendedSuperblock.SIZE;

    private static final int BLOCKS = 64;
    private static final int MAPPED_BLOCK = 68;

    /**
     * Reads a slot.
     *
     * @param file   the whole bootstrap; not kept
     * @param offset start of the slot, which the caller has checked to fit
     * @throws RafsFormatException if the slot names no blob or the blob has no blocks
     */
    static V6Device read(MemorySegment file, long offset) throws RafsFormatException {
        String id = V6BlobEntry.id(bytes(file, offset, V6BlobEntry.ID_SIZE), "device slot", offset);
        long blocks = u32(file, offset + BLOCKS);
        if (blocks == 0) {
            throw new RafsFormatException("device slot", offset, "expected a number of blocks, found 0");
        }
        return new V6Device(id, blocks, u32(file, offset + MAPPED_BLOCK));
    }

    /** Returns the first block of the slot at {@code offset}, which the caller has checked to fit; nothing else of it is looked at. */
    static long mappedBlock(MemorySegment file, long offset) {
        return u32(file, offset + MAPPED_BLOCK);
    }

    /** Writes the slot at {@code offset} of {@code file}. */
    void write(MemorySegment file, long offset) {
        putBytes(file, offset, blobId.getBytes(StandardCharsets.UTF_8));
        put32(file, offset + BLOCKS, (int) blocks);
        put32(file, offset + MAPPED_BLOCK, (int) mappedBlock);
    }
}
