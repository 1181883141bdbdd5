package io.nydus4j.rafs;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Pieces of one blob, to be read in their order. Mirrors {@code BlobIoVec} of the reference. Not safe for use by several threads.
 */
public final class IoVector {
    private final BlobInfo blob;
    private final List<IoPiece> pieces = new ArrayList<>();
    private long size;

    /** Makes an empty vector for {@code blob}. */
    public IoVector(BlobInfo blob) {
        this.blob = blob;
    }

    /**
     * Plans a read of a file. A new vector starts whenever the blob changes.
     *
     * @param offset start of the range in the file, in bytes, at least 0
     * @param length length of the range, in bytes, at least 0; may pass the end of the file
     * @param user   whether a caller waits for the bytes
     * @throws RafsFormatException if a chunk is broken or missing
     */
    public static List<IoVector> plan(Bootstrap bootstrap, Inode inode, long offset, long length, boolean user)
            throws RafsFormatException {
        List<IoVector> vectors = new ArrayList<>();
        List<BlobInfo> blobs = bootstrap.blobs();
        int chunkSize = bootstrap.superblock().chunkSize();
        int[] position = {
            inode.hasHoles()
                    ? 0
                    : ChunkSpan.of(offset, length, chunkSize, inode.chunkCount())
                            .first()
        };
        ReadPlan.forEach(inode, chunkSize, offset, length, (fileOffset, blobIndex, blobOffset, size) -> {
            // In a file with holes chunks before the range have no piece.
            while (inode.chunkFileOffset(position[0]) + inode.chunkLength(position[0]) <= fileOffset) {
                position[0]++;
            }
            int chunkOffset = (int) (fileOffset - inode.chunkFileOffset(position[0]));
            ChunkRecord chunk = inode.chunk(position[0]++);
            if (vectors.isEmpty() || vectors.getLast().blobIndex() != blobIndex) {
                vectors.add(new IoVector(blobs.get(blobIndex)));
            }
            vectors.getLast().push(new IoPiece(blobs.get(blobIndex), chunk, chunkOffset, size, user));
        });
        return vectors;
    }

    /** Returns the blob. */
    public BlobInfo blob() {
        return blob;
    }

    /** Returns the index of the blob. */
    public int blobIndex() {
        return blob.index();
    }

    /** Returns the pieces, as a view. */
    public List<IoPiece> pieces() {
        return Collections.unmodifiableList(pieces);
    }

    /** Returns the sum of the pieces' sizes, in bytes. */
    public long size() {
        return size;
    }

    /** Tells whether there are no pieces. */
    public boolean isEmpty() {
        return pieces.isEmpty();
    }

    /**
     * Adds a piece.
     *
     * @throws IllegalArgumentException if it is of a blob of another index or id
     */
    public void push(IoPiece piece) {
        if (piece.blob().index() != blob.index() || !piece.blob().id().equals(blob.id())) {
            throw new IllegalArgumentException(
                    "a piece of blob " + piece.blob().id() + " does not go with blob " + blob.id());
        }
        size = Math.addExact(size, piece.size());
        pieces.add(piece);
    }

    /**
     * Adds the pieces of another vector.
     *
     * @throws IllegalArgumentException if it is of a blob of another id; the index may differ
     */
    public void append(IoVector other) {
        if (!other.blob.id().equals(blob.id())) {
            throw new IllegalArgumentException("pieces of blob " + other.blob.id() + " do not go with " + blob.id());
        }
        size = Math.addExact(size, other.size);
        pieces.addAll(other.pieces);
    }

    /** Removes all pieces. */
    public void reset() {
        pieces.clear();
        size = 0;
    }
}
