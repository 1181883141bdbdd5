package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayList;
import java.util.List;

/** Finds where the bytes of a file lie: ranges of the uncompressed address spaces of blobs. */
public final class ReadPlan {
    private ReadPlan() {}

    /**
     * A range of a file that is one range of a blob.
     *
     * @param fileOffset start in the file, in bytes
     * @param blobIndex  index into the image's blobs
     * @param blobOffset start in the blob's uncompressed address space, in bytes
     * @param length     in bytes, at least 1
     */
    public record Piece(long fileOffset, int blobIndex, long blobOffset, long length) {
        private boolean continues(Piece previous) {
            return blobIndex == previous.blobIndex
                    && fileOffset == previous.fileOffset + previous.length
                    && blobOffset == previous.blobOffset + previous.length;
        }
    }

    /** Takes the pieces of a plan in the order of the file. */
    @FunctionalInterface
    public interface Sink {
        /** Takes a piece, never longer than a chunk; the parameters are those of {@link Piece}. */
        void piece(long fileOffset, int blobIndex, long blobOffset, int length) throws RafsFormatException;
    }

    /**
     * Plans a read. Neighbours that lie side by side in their blob, too, are one piece.
     *
     * @param inode     a regular file; other types have no pieces
     * @param chunkSize size of a whole chunk of the image, in bytes
     * @param offset    start of the range in the file, in bytes, at least 0
     * @param length    length of the range, in bytes, at least 0; may pass the end of the file
     * @return pieces in the order of the file. They leave no gap up to the end of the range or file, unless the file has holes
     *     ({@link Inode#hasHoles()}), whose bytes are zero
     * @throws RafsFormatException if a chunk is broken or missing
     */
    public static List<Piece> of(Inode inode, int chunkSize, long offset, long length) throws RafsFormatException {
        List<Piece> pieces = new ArrayList<>();
        forEach(inode, chunkSize, offset, length, (fileOffset, blobIndex, blobOffset, pieceLength) -> {
            Piece piece = new Piece(fileOffset, blobIndex, blobOffset, pieceLength);
            if (!pieces.isEmpty() && piece.continues(pieces.getLast())) {
                Piece previous = pieces.removeLast();
                piece = new Piece(
                        previous.fileOffset(), blobIndex, previous.blobOffset(), previous.length() + pieceLength);
            }
            pieces.add(piece);
        });
        return pieces;
    }

    /**
     * Passes the pieces of a read one by one, chunk by chunk. Allocates nothing.
     *
     * @see #of(Inode, int, long, long)
     */
    public static void forEach(Inode inode, int chunkSize, long offset, long length, Sink sink)
            throws RafsFormatException {
        long size = inode.isRegular() ? inode.size() : 0;
        long end = length > size - offset ? size : offset + length;
        if (offset >= end) {
            return;
        }
        boolean holes = inode.hasHoles();
        int count = inode.chunkCount();
        int shift = Integer.numberOfTrailingZeros(chunkSize);
        long first = holes ? 0 : offset >>> shift;
        long last = holes ? count : ((end - 1) >>> shift) + 1;
        if (last > count) {
            throw new RafsFormatException(
                    "inode " + inode.ino(), -1, "expected at least " + last + " chunks, found " + count);
        }
        long position = offset;
        for (int i = (int) first; i < last; i++) {
            long chunkStart = inode.chunkFileOffset(i);
            long chunkEnd = chunkStart + inode.chunkLength(i);
            long start = Math.max(offset, chunkStart);
            long stop = Math.min(end, chunkEnd);
            if (start >= stop) {
                continue;
            }
            if (holes ? start < position : start != position) {
                throw new RafsFormatException(
                        "chunk " + i + " of inode " + inode.ino(),
                        -1,
                        "expected bytes from " + position + " of the file, found them from " + start);
            }
            sink.piece(start, inode.chunkBlobIndex(i), inode.chunkBlobOffset(i) + (start - chunkStart), (int)
                    (stop - start));
            position = stop;
        }
        if (!holes && position != end) {
            throw new RafsFormatException(
                    "inode " + inode.ino(), -1, "its chunks end at " + position + " of the file, not at " + end);
        }
    }
}
