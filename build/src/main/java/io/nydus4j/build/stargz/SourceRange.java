package io.nydus4j.build.stargz;

import io.nydus4j.blob.PositionalSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** A range of a source, read from its start to its end. Not safe for use by several threads. */
final class SourceRange extends InputStream {
    private final PositionalSource source;
    private final long end;
    private long position;

    /** Starts at {@code start}; the end is {@code end}, or that of the source. */
    SourceRange(PositionalSource source, long start, long end) {
        this.source = source;
        this.position = start;
        this.end = end;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        int wanted = (int) Math.min(length, end - position);
        if (wanted == 0) {
            return length == 0 ? 0 : -1;
        }
        int count = source.readAt(position, ByteBuffer.wrap(target, offset, wanted));
        position += count;
        return count == 0 ? -1 : count;
    }
}
