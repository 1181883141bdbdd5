package io.nydus4j.blob.toc;

import io.nydus4j.blob.PositionalSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Reads one range of a source as a stream. Not safe for use by several threads. */
final class SourceStream extends InputStream {
    private final PositionalSource source;
    private long position;
    private final long end;

    /**
     * @param offset start of the range, in bytes
     * @param length length of the range, in bytes
     */
    SourceStream(PositionalSource source, long offset, long length) {
        this.source = source;
        this.position = offset;
        this.end = offset + length;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (length == 0) {
            return 0;
        }
        if (position == end) {
            return -1;
        }
        int count = (int) Math.min(length, end - position);
        source.readFully(position, ByteBuffer.wrap(target, offset, count));
        position += count;
        return count;
    }
}
