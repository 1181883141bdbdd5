package io.nydus4j.rafs;

import java.lang.foreign.MemorySegment;

/**
 * A stretch of a mapped file in a byte array, which moves to where the file is read. Who goes through many structures that mostly
 * follow each other has their fields from the array, see {@link io.nydus4j.blob.LittleEndian}, and copies a stretch only now and then.
 * Not safe for use by several threads.
 */
public final class FileWindow {
    /** Little enough for who reads here and there. */
    private static final int USUAL_STRETCH = 4096;

    private final MemorySegment file;
    private final int stretch;
    private byte[] bytes = {};
    private MemorySegment room = MemorySegment.ofArray(bytes);
    /** Where the bytes in the array start in the file, and how many there are. */
    private long start;

    private int length;

    /** Makes a window that shows nothing yet. */
    public FileWindow(MemorySegment file) {
        this(file, USUAL_STRETCH);
    }

    /**
     * Makes a window that shows nothing yet.
     *
     * @param stretch how much is copied at once, at least, in bytes
     */
    public FileWindow(MemorySegment file, int stretch) {
        this.file = file;
        this.stretch = stretch;
    }

    /**
     * Moves the window if it does not show some bytes of the file yet.
     *
     * @param offset where they start in the file
     * @param size   how many they are; the caller has checked that they lie in the file
     * @return where they start in {@link #bytes()}
     */
    public int at(long offset, int size) {
        long position = offset - start;
        if (position >= 0 && position <= length - size) {
            return (int) position;
        }
        length = (int) Math.min(Math.max(size, stretch), file.byteSize() - offset);
        if (length > bytes.length) {
            bytes = new byte[length];
            room = MemorySegment.ofArray(bytes);
        }
        MemorySegment.copy(file, offset, room, 0, length);
        start = offset;
        return 0;
    }

    /** Returns the array with the bytes that {@link #at} found; good until it is called again. */
    public byte[] bytes() {
        return bytes;
    }
}
