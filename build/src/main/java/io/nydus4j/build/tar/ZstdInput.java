package io.nydus4j.build.tar;

import io.nydus4j.blob.codec.ZstdStream;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Decompresses zstd data of any number of frames. Not safe for use by several threads. */
final class ZstdInput implements ArchiveInput {
    private static final int BUFFER_SIZE = 128 << 10;

    private final ZstdStream frames;
    private final byte[] buffer = new byte[BUFFER_SIZE];
    private long position;

    /** Takes over {@code stored}, which is at the start of a frame. */
    ZstdInput(StoredInput stored) {
        frames = new ZstdStream(new ZstdFrames(stored));
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int count = frames.read(buffer, 0, Math.min(buffer.length, target.remaining()));
        if (count > 0) {
            target.put(buffer, 0, count);
            position += count;
        }
        return count;
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void close() throws IOException {
        frames.close();
    }
}
