package io.nydus4j.rafs.v6;

import static io.nydus4j.blob.LittleEndian.longAt;
import static io.nydus4j.blob.LittleEndian.putLong;
import static io.nydus4j.blob.LittleEndian.putShort;
import static io.nydus4j.blob.LittleEndian.shortAt;
import static io.nydus4j.rafs.v6.V6Constants.i64;
import static io.nydus4j.rafs.v6.V6Constants.u16;

import io.nydus4j.rafs.FileMode;
import java.lang.foreign.MemorySegment;

/**
 * Fields of an entry of a directory block. A block holds its entries, sorted by name, then the names without anything between them;
 * the last name ends at the block's end or the first zero byte.
 *
 * <p>On disk (little-endian, {@value #SIZE} bytes):
 * <pre>
 *   off size name
 *     0    8 nid
 *     8    2 start of the name, in bytes from the start of the block
 *    10    1 file type
 *    11    1 reserved, zero
 * </pre>
 * Mirrors {@code RafsV6Dirent} of the reference.
 */
final class V6Dirent {
    static final int SIZE = 12;

    private static final int NAME_OFFSET = 8;
    private static final int FILE_TYPE = 10;

    /** Type bits of the mode by file type; 0 is unknown. */
    private static final int[] TYPES = {
        0,
        FileMode.REGULAR,
        FileMode.DIRECTORY,
        FileMode.CHARACTER_DEVICE,
        FileMode.BLOCK_DEVICE,
        FileMode.FIFO,
        FileMode.SOCKET,
        FileMode.SYMLINK
    };

    private V6Dirent() {}

    static long nid(MemorySegment file, long offset) {
        return i64(file, offset);
    }

    static int nameOffset(MemorySegment file, long offset) {
        return u16(file, offset + NAME_OFFSET);
    }

    static long nid(byte[] block, int offset) {
        return longAt(block, offset);
    }

    static int nameOffset(byte[] block, int offset) {
        return shortAt(block, offset + NAME_OFFSET);
    }

    /** Returns the type bits of the mode, or 0 if the entry does not tell. */
    static int type(byte[] block, int offset) {
        int type = Byte.toUnsignedInt(block[offset + FILE_TYPE]);
        return type < TYPES.length ? TYPES[type] : 0;
    }

    /** Writes an entry into a block. */
    static void write(byte[] block, int offset, long nid, int nameOffset, int mode) {
        putLong(block, offset, nid);
        putShort(block, offset + NAME_OFFSET, nameOffset);
        block[offset + FILE_TYPE] = (byte) fileType(mode);
    }

    private static int fileType(int mode) {
        return switch (FileMode.type(mode)) {
            case FileMode.REGULAR -> 1;
            case FileMode.DIRECTORY -> 2;
            case FileMode.CHARACTER_DEVICE -> 3;
            case FileMode.BLOCK_DEVICE -> 4;
            case FileMode.FIFO -> 5;
            case FileMode.SOCKET -> 6;
            case FileMode.SYMLINK -> 7;
            default -> 0;
        };
    }
}
