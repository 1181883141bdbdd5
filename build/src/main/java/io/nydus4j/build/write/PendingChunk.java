package io.nydus4j.build.write;

import io.nydus4j.blob.Digest;
import io.nydus4j.rafs.tree.Node;
import org.jspecify.annotations.Nullable;

/** A chunk on its way through the pipeline. Handed from thread to thread with its task. */
final class PendingChunk {
    final Node node;
    /** Position in the file's list of chunks. */
    final int position;
    /** Start in the plain buffer of its task, in bytes. */
    final int offset;
    /** Plain bytes. */
    final int length;
    /** Whether it belongs to a file that is to be fetched first. */
    final boolean prefetch;

    /** Where it lies in the archive that it comes from; null if it is to be stored. */
    @Nullable
    ChunkPlace place;

    // Set when the data has been read.
    Digest digest = Digest.ZERO;
    int crc32;

    // Set in order, when it is decided what becomes of it.
    int blobIndex;
    int index;
    long uncompressedOffset;

    // Set when it has been compressed.
    int storedLength;
    boolean compressed;

    PendingChunk(Node node, int position, int offset, int length, boolean prefetch) {
        this.node = node;
        this.position = position;
        this.offset = offset;
        this.length = length;
        this.prefetch = prefetch;
    }
}
