package io.nydus4j.build.tar;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** The bytes of a file, a pipe or a device as they are, buffered. Not safe for use by several threads. */
public final class StoredInput implements ArchiveInput {
    /** Most bytes that {@link #peek} can show. */
    public static final int BUFFER_SIZE = 256 << 10;

    private final ReadableByteChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE).limit(0);
    /** Bytes taken from the channel. */
    private long taken;

    /** Takes over {@code channel}, which blocks. */
    public StoredInput(ReadableByteChannel channel) {
        this.channel = channel;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        if (!buffer.hasRemaining()) {
            if (target.remaining() >= BUFFER_SIZE) {
                return take(target);
            }
            if (!refill()) {
                return -1;
            }
        }
        int count = Math.min(target.remaining(), buffer.remaining());
        target.put(target.position(), buffer, buffer.position(), count);
        target.position(target.position() + count);
        buffer.position(buffer.position() + count);
        return count;
    }

    /**
     * Returns the buffer of bytes that come next, at least {@code count} of them unless the end is nearer. Whoever moves its position
     * consumes bytes. It is valid until the next call of any other method.
     *
     * @param count at most {@link #BUFFER_SIZE}
     */
    public ByteBuffer peek(int count) throws IOException {
        if (buffer.remaining() < count) {
            buffer.compact();
            while (buffer.position() < count && take(buffer) >= 0) {
                // Until there are enough.
            }
            buffer.flip();
        }
        return buffer;
    }

    private boolean refill() throws IOException {
        buffer.clear();
        int count = take(buffer);
        buffer.flip();
        return count >= 0;
    }

    private int take(ByteBuffer target) throws IOException {
        int count = channel.read(target);
        taken += Math.max(count, 0);
        return count;
    }

    @Override
    public long position() {
        return taken - buffer.remaining();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
