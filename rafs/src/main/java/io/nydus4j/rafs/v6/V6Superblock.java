package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.i32;
import static io.nydus4j.rafs.v6.V6Constants.i64;
import static io.nydus4j.rafs.v6.V6Constants.put16;
import static io.nydus4j.rafs.v6.V6Constants.put32;
import static io.nydus4j.rafs.v6.V6Constants.put64;
import static io.nydus4j.rafs.v6.V6Constants.put8;
import static io.nydus4j.rafs.v6.V6Constants.u16;
import static io.nydus4j.rafs.v6.V6Constants.u32;
import static io.nydus4j.rafs.v6.V6Constants.u8;

import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;

/**
 * The EROFS superblock, which stands at offset {@value #OFFSET} of the bootstrap.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    4 magic, {@value #MAGIC}
 *     4    4 checksum, 0
 *     8    4 compatible features: RAFS v6
 *    12    1 block bits: 12, or 9 for images of tar files
 *    13    1 extension slots, 0
 *    14    2 root nid
 *    16    8 number of names in the image
 *    24    8 build time, seconds
 *    32    4 build time, nanoseconds
 *    36    4 blocks of all blobs
 *    40    4 first block of the metadata area
 *    44    4 first block of shared xattrs, 0
 *    48   16 uuid
 *    64   16 volume name
 *    80    4 incompatible features: chunked files and device table
 *    84    2 compression algorithms, 0
 *    86    2 number of devices, which are the blobs
 *    88    2 device table, in units of 128 bytes from the start of the file
 *    90   38 reserved, zero
 * </pre>
 * Mirrors {@code RafsV6SuperBlock} of the reference.
 *
 * @param blockBits        binary logarithm of the block size, 9 or 12
 * @param rootNid          nid of the root, 0 to 65535
 * @param inodesCount      number of names, at least 1
 * @param blocks           length of all blobs in blocks, unsigned 32 bits
 * @param metaBlockAddress first block of the metadata area, unsigned 32 bits
 * @param deviceCount      number of device slots, 0 to 65535
 */
record V6Superblock(int blockBits, int rootNid, long inodesCount, long blocks, long metaBlockAddress, int deviceCount) {
    static final int OFFSET = 1024;
    static final int SIZE = 128;
    static final int MAGIC = 0xE0F5E1E2;

    /** Marks the image as RAFS v6. */
    private static final int COMPAT_RAFS_V6 = 0x4000_0000;
    /** Chunked files and the device table, which every image has and nothing else. */
    private static final int INCOMPAT = 0xC;
    /** Bits of the block size of images whose blobs are tar files. */
    static final int TARFS_BLOCK_BITS = 9;

    static final int BLOCK_BITS = 12;
    /** What old builders wrote for the number of blocks of images without devices. */
    private static final int OLD_BLOCKS = 4096;

    private static final int CHECKSUM = 4;
    private static final int FEATURE_COMPAT = 8;
    private static final int BLOCK_SIZE_BITS = 12;
    private static final int EXTENSION_SLOTS = 13;
    private static final int ROOT_NID = 14;
    private static final int INODES = 16;
    private static final int BLOCKS = 36;
    private static final int META_BLOCK_ADDRESS = 40;
    private static final int XATTR_BLOCK_ADDRESS = 44;
    private static final int FEATURE_INCOMPAT = 80;
    private static final int COMPRESSION_ALGORITHMS = 84;
    private static final int EXTRA_DEVICES = 86;
    private static final int DEVICE_TABLE_SLOT = 88;

    private static final String NAME = "superblock";

    /** Tells whether {@code file} is long enough for the superblock and has its magic number. */
    static boolean matches(MemorySegment file) {
        return file.byteSize() >= OFFSET + SIZE && i32(file, OFFSET) == MAGIC;
    }

    /** Returns the block size in bytes. */
    int blockSize() {
        return 1 << blockBits;
    }

    /**
     * Reads and checks the superblock.
     *
     * @param file the whole bootstrap; not kept
     * @throws RafsFormatException if the file is too short or of a wrong length, or a field has a value that no reader may accept
     */
    static V6Superblock read(MemorySegment file) throws RafsFormatException {
        long size = file.byteSize();
        check(size >= V6Constants.BLOCK_SIZE, "expected a file of at least 4096 bytes, found " + size);
        check(i32(file, OFFSET) == MAGIC, "wrong magic number");
        int bits = u8(file, OFFSET + BLOCK_SIZE_BITS);
        check(bits == BLOCK_BITS || bits == TARFS_BLOCK_BITS, "expected block bits 9 or 12, found " + bits);
        check((size & ((1 << bits) - 1)) == 0, "file size " + size + " is no multiple of the block size");
        long meta = u32(file, OFFSET + META_BLOCK_ADDRESS);
        check(meta << bits <= size, "metadata block address " + meta + " is past the end of the file");
        checkZero(u32(file, OFFSET + CHECKSUM), "checksum");
        checkZero(u8(file, OFFSET + EXTENSION_SLOTS), "number of extension slots");
        checkZero(u16(file, OFFSET + COMPRESSION_ALGORITHMS), "compression algorithms");
        checkZero(u32(file, OFFSET + XATTR_BLOCK_ADDRESS), "address of shared xattrs");
        long inodes = i64(file, OFFSET + INODES);
        check(inodes > 0, "expected a number of inodes from 1, found " + Long.toUnsignedString(inodes));
        int devices = u16(file, OFFSET + EXTRA_DEVICES);
        long blocks = u32(file, OFFSET + BLOCKS);
        check(devices != 0 || blocks == 0 || blocks == OLD_BLOCKS, "no device, but " + blocks + " blocks");
        int slot = u16(file, OFFSET + DEVICE_TABLE_SLOT);
        check(slot * V6Device.SIZE == V6Device.TABLE_OFFSET, "expected device table slot 11, found " + slot);
        long devicesSize = (long) devices * V6Device.SIZE;
        check(
                V6Constants.fits(V6Device.TABLE_OFFSET, devicesSize, size),
                devices + " device slots do not fit in the file");
        int incompat = i32(file, OFFSET + FEATURE_INCOMPAT);
        check(incompat == INCOMPAT, "expected incompatible features 0xc, found 0x" + Integer.toHexString(incompat));
        int compat = i32(file, OFFSET + FEATURE_COMPAT);
        check((compat & COMPAT_RAFS_V6) != 0, "not marked as RAFS v6: features 0x" + Integer.toHexString(compat));
        return new V6Superblock(bits, u16(file, OFFSET + ROOT_NID), inodes, blocks, meta, devices);
    }

    /** Writes the superblock at its place in {@code file}. */
    void write(MemorySegment file) {
        put32(file, OFFSET, MAGIC);
        put32(file, OFFSET + FEATURE_COMPAT, COMPAT_RAFS_V6);
        put8(file, OFFSET + BLOCK_SIZE_BITS, blockBits);
        put16(file, OFFSET + ROOT_NID, rootNid);
        put64(file, OFFSET + INODES, inodesCount);
        put32(file, OFFSET + BLOCKS, (int) blocks);
        put32(file, OFFSET + META_BLOCK_ADDRESS, (int) metaBlockAddress);
        put32(file, OFFSET + FEATURE_INCOMPAT, INCOMPAT);
        put16(file, OFFSET + EXTRA_DEVICES, deviceCount);
        put16(file, OFFSET + DEVICE_TABLE_SLOT, V6Device.TABLE_OFFSET / V6Device.SIZE);
    }

    private static void checkZero(long value, String field) throws RafsFormatException {
        check(value == 0, "expected " + field + " 0, found " + value);
    }

    private static void check(boolean good, String problem) throws RafsFormatException {
        if (!good) {
            throw new RafsFormatException(NAME, OFFSET, problem);
        }
    }
}
