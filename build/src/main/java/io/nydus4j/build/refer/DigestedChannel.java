package io.nydus4j.build.refer;

import io.nydus4j.blob.Digest;
import io.nydus4j.build.write.StreamSha256;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Counts and digests what is read from a channel. Not safe for use by several threads. */
final class DigestedChannel implements ReadableByteChannel {
    private final ReadableByteChannel source;
    private final StreamSha256 sha256 = StreamSha256.start();
    private long size;

    /** Takes over {@code source}. */
    DigestedChannel(ReadableByteChannel source) {
        this.source = source;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        int start = target.position();
        int count = source.read(target);
        if (count > 0) {
            sha256.update(
                    MemorySegment.ofBuffer(target.duplicate().position(start).limit(start + count)));
            size += count;
        }
        return count;
    }

    /** Returns how many bytes have been read. */
    long size() {
        return size;
    }

    /** Returns the SHA-256 of all bytes. To be called once, at the end. */
    Digest digest() {
        return sha256.soFar();
    }

    @Override
    public boolean isOpen() {
        return source.isOpen();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
