package io.nydus4j.build.write;

import io.nydus4j.rafs.tree.Node;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A stretch of file data that goes through the pipeline at once: many small files, or part of a large one. Reused for another stretch when
 * it is through. Belongs to one thread at a time, except for the two marks, which the pipeline's lock guards.
 */
final class ChunkTask {
    /** Part of one file, read at once. */
    record Piece(Node node, long fileOffset, int offset, int length) {}

    private final MemorySegment plain;
    private final MemorySegment packed;
    private final List<Piece> pieces = new ArrayList<>();
    private final List<PendingChunk> chunks = new ArrayList<>();
    private final List<Step> steps = new ArrayList<>();
    private int plainLength;
    private int packedLength;
    private boolean isPlainStored;

    boolean read;
    boolean isPacked;

    /** Takes over two buffers of native memory: for file data, and for what is stored of it. */
    ChunkTask(MemorySegment plain, MemorySegment packed) {
        this.plain = plain;
        this.packed = packed;
    }

    void clear() {
        pieces.clear();
        chunks.clear();
        steps.clear();
        plainLength = 0;
        packedLength = 0;
        isPlainStored = false;
        read = false;
        isPacked = false;
    }

    /** Returns how many plain bytes it can still take. */
    int room() {
        return (int) plain.byteSize() - plainLength;
    }

    /** Appends part of a file, to be read; it is cut into chunks of {@code chunkSize}, the last one perhaps shorter. */
    void addPiece(Node node, int firstChunk, int length, int chunkSize, boolean prefetch) {
        pieces.add(new Piece(node, (long) firstChunk * chunkSize, plainLength, length));
        for (int done = 0; done < length; done += chunkSize) {
            addChunk(node, firstChunk + done / chunkSize, Math.min(chunkSize, length - done), prefetch);
        }
    }

    /** Appends a chunk, whose data goes to {@link #plain(PendingChunk)}. */
    PendingChunk addChunk(Node node, int position, int length, boolean prefetch) {
        PendingChunk chunk = new PendingChunk(node, position, plainLength, length, prefetch);
        chunks.add(chunk);
        plainLength += length;
        return chunk;
    }

    List<Piece> pieces() {
        return pieces;
    }

    List<PendingChunk> chunks() {
        return chunks;
    }

    List<Step> steps() {
        return steps;
    }

    int plainLength() {
        return plainLength;
    }

    MemorySegment plain(int offset, int length) {
        return plain.asSlice(offset, length);
    }

    MemorySegment plain(PendingChunk chunk) {
        return plain.asSlice(chunk.offset, chunk.length);
    }

    /** Returns the room left for stored bytes. */
    MemorySegment packedRoom() {
        return packed.asSlice(packedLength);
    }

    /** Counts {@code length} bytes more as stored. */
    void addPacked(int length) {
        packedLength += length;
    }

    /** Tells whether each of its chunks is stored for itself. */
    boolean storesAllChunks() {
        return steps.size() == chunks.size() && steps.stream().allMatch(Step.Store.class::isInstance);
    }

    /** Says that all plain bytes are stored as they are. */
    void storePlain() {
        isPlainStored = true;
    }

    /** Returns what is to be stored. */
    MemorySegment packed() {
        return isPlainStored ? plain.asSlice(0, plainLength) : packed.asSlice(0, packedLength);
    }
}
