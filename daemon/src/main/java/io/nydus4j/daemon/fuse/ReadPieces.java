package io.nydus4j.daemon.fuse;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.ReadPlan;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.LazyBlob;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Where the bytes of a range of a file lie: pieces of blobs and runs of zeros, in order, neighbours joined.
 *
 * <p>Made once and filled again for each READ, so that planning allocates nothing in the long run. Not safe for use by several
 * threads.
 */
final class ReadPieces implements ReadPlan.Sink {
    /** Stands for a run of zeros instead of a blob index. */
    static final int ZEROS = -1;

    private int count;
    private long place;
    private int[] blobs = new int[64];
    private long[] offsets = new long[64];
    private int[] lengths = new int[64];

    /**
     * Plans a range.
     *
     * @param inode     a regular file
     * @param chunkSize size of a whole chunk, in bytes
     * @param offset    start in the file, in bytes
     * @param length    bytes, at least 1, not past the end of the file
     * @throws RafsFormatException if a chunk is broken or missing
     */
    void plan(Inode inode, int chunkSize, long offset, int length) throws RafsFormatException {
        count = 0;
        place = offset;
        ReadPlan.forEach(inode, chunkSize, offset, length, this);
        addZerosUpTo(offset + length);
    }

    @Override
    public void piece(long fileOffset, int blobIndex, long blobOffset, int length) {
        addZerosUpTo(fileOffset);
        add(blobIndex, blobOffset, length);
        place = fileOffset + length;
    }

    /** Fills a hole, up to a place in the file. */
    private void addZerosUpTo(long fileOffset) {
        if (fileOffset > place) {
            add(ZEROS, 0, (int) (fileOffset - place));
            place = fileOffset;
        }
    }

    private void add(int blob, long offset, int length) {
        int last = count - 1;
        if (last >= 0 && blobs[last] == blob && (blob == ZEROS || offsets[last] + lengths[last] == offset)) {
            lengths[last] += length;
            return;
        }
        if (count == blobs.length) {
            blobs = Arrays.copyOf(blobs, count * 2);
            offsets = Arrays.copyOf(offsets, count * 2);
            lengths = Arrays.copyOf(lengths, count * 2);
        }
        blobs[count] = blob;
        offsets[count] = offset;
        lengths[count] = length;
        count++;
    }

    /**
     * Gathers all pieces, one behind the other. May block on the network.
     *
     * @param target at least as long as the range
     * @return where the bytes were, the farthest of them
     */
    DataOrigin gather(LazyBlob[] source, MemorySegment target) throws IOException {
        DataOrigin origin = DataOrigin.READY;
        long end = 0;
        for (int i = 0; i < count; i++) {
            MemorySegment piece = target.asSlice(end, lengths[i]);
            if (blobs[i] == ZEROS) {
                piece.fill((byte) 0);
            } else {
                origin = origin.and(source[blobs[i]].read(offsets[i], piece.asByteBuffer()));
            }
            end += lengths[i];
        }
        return origin;
    }

    /** Returns the number of pieces. */
    int count() {
        return count;
    }

    /** Returns the blob index of a piece, or {@link #ZEROS}. */
    int blob(int piece) {
        return blobs[piece];
    }

    /** Returns where a piece starts in its blob's uncompressed address space, in bytes. */
    long offset(int piece) {
        return offsets[piece];
    }

    /** Returns the length of a piece, in bytes. */
    int length(int piece) {
        return lengths[piece];
    }
}
