package io.nydus4j.blob;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Reads bytes at any position: a file, a memory segment, or a blob that lives in a registry.
 *
 * <p>Implementations are safe for use by several threads at once. A source has no owner of its own: whoever opened what is
 * behind it closes that.
 */
public interface PositionalSource {
    /**
     * Returns the number of bytes of this source. May block on the network.
     *
     * @throws IOException if the size cannot be found out
     */
    long size() throws IOException;

    /**
     * Reads bytes at {@code position} until {@code target} is full or the source ends. May block on the network.
     *
     * @param position where to start, in bytes, at least 0
     * @param target   takes the bytes at its position, which advances by the number returned
     * @return the number of bytes read; fewer than {@code target} had room for only at the end of the source, and 0 past it
     * @throws IOException if reading fails; {@code target} may hold part of the bytes then
     */
    int readAt(long position, ByteBuffer target) throws IOException;

    /**
     * Fills {@code target} with the bytes at {@code position}.
     *
     * @throws EOFException if the source ends first
     * @throws IOException  if reading fails
     */
    default void readFully(long position, ByteBuffer target) throws IOException {
        int wanted = target.remaining();
        int read = readAt(position, target);
        if (read < wanted) {
            throw new EOFException("wanted " + wanted + " bytes at offset " + position + ", found " + read);
        }
    }

    /** Returns a source over {@code memory}, which must stay alive as long as the source is used. */
    static PositionalSource of(MemorySegment memory) {
        return new MemorySource(memory);
    }

    /** Returns a source over {@code channel}; the caller keeps it open as long as the source is used, and closes it. */
    static PositionalSource of(FileChannel channel) {
        return new ChannelSource(channel);
    }
}
