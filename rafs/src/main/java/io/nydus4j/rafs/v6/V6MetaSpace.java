package io.nydus4j.rafs.v6;

import static io.nydus4j.rafs.v6.V6Constants.CHUNK_INDEX_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.SLOT_SIZE;
import static io.nydus4j.rafs.v6.V6Constants.roundUp;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Gives every inode its place in the metadata area, and every directory and link the place of its content.
 *
 * <p>Inodes follow each other in slots of 32 bytes. An inode whose content's end is inlined must not cross a block, and whole blocks of
 * content start at one, so ends of blocks stay free; they are remembered by their number of free slots and used for what comes later
 * and fits, the smallest first and the oldest of a size. All offsets are relative to the start of the area. Mirrors the allocation of
 * {@code Node} and {@code BootstrapContext} of the reference, place for place.
 *
 * <p>An allocation leaves its result in {@link #offset()}, {@link #contentOffset()} and {@link #inline()}. Not safe for use by several
 * threads.
 */
final class V6MetaSpace {
    private final int blockSize;
    /** Blocks with free slots at their end, by number of free slots. */
    private final Blocks[] available;
    /** The numbers of free slots for which there are such blocks. */
    private final BitSet free = new BitSet();
    /** Where the next thing goes that fits nowhere before. */
    private long end;

    private long offset;
    private long contentOffset;
    private boolean inline;

    /**
     * Makes an area.
     *
     * @param blockSize 4096 or 512
     * @param start     first offset to be given away, in bytes
     */
    V6MetaSpace(int blockSize, long start) {
        this.blockSize = blockSize;
        this.end = start;
        this.available = new Blocks[blockSize / SLOT_SIZE];
        Arrays.setAll(available, i -> new Blocks());
    }

    /** A queue of block numbers. */
    private static final class Blocks {
        private long[] numbers = {};
        private int first;
        private int count;

        void add(long number) {
            if (count == numbers.length) {
                // What has been taken out makes room before the array grows.
                int used = count - first;
                long[] target = used * 2 < numbers.length ? numbers : new long[Math.max(8, numbers.length * 2)];
                System.arraycopy(numbers, first, target, 0, used);
                numbers = target;
                first = 0;
                count = used;
            }
            numbers[count++] = number;
        }

        boolean isEmpty() {
            return first == count;
        }

        long take() {
            return numbers[first++];
        }
    }

    /**
     * Places a regular file.
     *
     * @param headSize length of inode and xattrs in bytes
     * @param chunks   number of chunk indexes
     */
    void file(int headSize, int chunks) {
        long total = roundUp(headSize, CHUNK_INDEX_SIZE) + (long) chunks * CHUNK_INDEX_SIZE;
        place(total);
        finish();
    }

    /**
     * Places an inode without content.
     *
     * @param headSize length of inode and xattrs in bytes
     */
    void special(int headSize) {
        offset = end;
        end += headSize;
        finish();
    }

    /**
     * Places a directory or link with its content.
     *
     * @param headSize    length of inode and xattrs in bytes
     * @param contentSize length of the content in bytes
     */
    void flat(int headSize, long contentSize) {
        long tail = contentSize % blockSize;
        inline = tail != 0 && headSize + tail <= blockSize;
        if (inline) {
            if (!reuse(headSize + tail)) {
                if (blockSize - end % blockSize < headSize + tail) {
                    closeBlock();
                }
                offset = end;
                end += headSize + tail;
            }
            if (contentSize != tail) {
                closeBlock();
            }
            // Without whole blocks this is a place of no meaning, but the block it lies in is written nevertheless.
            contentOffset = end;
            end += contentSize - tail;
        } else {
            place(headSize);
            closeBlock();
            contentOffset = end;
            end = roundUp(end + contentSize, blockSize);
        }
        finish();
    }

    private void place(long size) {
        if (!reuse(size)) {
            offset = end;
            end += size;
        }
    }

    private void finish() {
        end = roundUp(end, SLOT_SIZE);
    }

    /** Leaves the rest of the block for later and goes on at the next one. */
    private void closeBlock() {
        release(end);
        end = roundUp(end, blockSize);
    }

    /** Remembers that the block of {@code from} is free from there on. */
    private void release(long from) {
        long used = from % blockSize;
        if (used != 0) {
            int slots = (int) (blockSize - used) / SLOT_SIZE;
            available[slots].add(from / blockSize);
            free.set(slots);
        }
    }

    /** Places {@code size} bytes at the end of a block that has room, if there is one. */
    private boolean reuse(long size) {
        if (size >= blockSize) {
            return false;
        }
        int need = (int) (roundUp(size, SLOT_SIZE) / SLOT_SIZE);
        int slots = free.nextSetBit(need);
        if (slots < 0) {
            return false;
        }
        offset = (available[slots].take() + 1) * blockSize - (long) slots * SLOT_SIZE;
        if (available[slots].isEmpty()) {
            free.clear(slots);
        }
        release(offset + (long) need * SLOT_SIZE);
        return true;
    }

    /** Returns where the inode placed last starts, in bytes. */
    long offset() {
        return offset;
    }

    /** Returns where the whole blocks of the content placed last start, in bytes. */
    long contentOffset() {
        return contentOffset;
    }

    /** Tells whether the end of the content placed last follows its inode. */
    boolean inline() {
        return inline;
    }

    /** Returns the end of the area, in bytes. */
    long end() {
        return end;
    }
}
