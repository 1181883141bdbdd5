package io.nydus4j.blob;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A source over an open file. */
record ChannelSource(FileChannel channel) implements PositionalSource {
    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    public int readAt(long position, ByteBuffer target) throws IOException {
        int total = 0;
        while (target.hasRemaining()) {
            int read = channel.read(target, position + total);
            if (read < 0) {
                break;
            }
            total += read;
        }
        return total;
    }
}
