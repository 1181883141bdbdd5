package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.libc.Libc;
import java.lang.foreign.MemorySegment;

/**
 * What {@code statfs} tells of a file system.
 *
 * @param blockSize       size of reads that suits it, in bytes
 * @param fragmentSize    unit of the numbers of blocks, in bytes
 * @param blocks          its size, in fragments
 * @param freeBlocks      what is free of it
 * @param availableBlocks what of that is free for anybody
 * @param files           number of inodes
 * @param freeFiles       how many of those are free
 * @param nameMax         longest name, in bytes
 */
public record FileSystemStatus(
        long blockSize,
        long fragmentSize,
        long blocks,
        long freeBlocks,
        long availableBlocks,
        long files,
        long freeFiles,
        long nameMax) {
    /**
     * Reads a {@code struct statfs}, 120 bytes long.
     *
     * <pre>
     *   off size name              off size name
     *     0    8 type               40    8 inodes
     *     8    8 block size         48    8 free inodes
     *    16    8 blocks             56    8 id
     *    24    8 free blocks        64    8 longest name
     *    32    8 available blocks   72    8 fragment size
     * </pre>
     */
    static FileSystemStatus read(long address) {
        MemorySegment memory = Libc.MEMORY;
        return new FileSystemStatus(
                memory.get(JAVA_LONG, address + 8),
                memory.get(JAVA_LONG, address + 72),
                memory.get(JAVA_LONG, address + 16),
                memory.get(JAVA_LONG, address + 24),
                memory.get(JAVA_LONG, address + 32),
                memory.get(JAVA_LONG, address + 40),
                memory.get(JAVA_LONG, address + 48),
                memory.get(JAVA_LONG, address + 64));
    }
}
