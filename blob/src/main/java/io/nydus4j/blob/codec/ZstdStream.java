package io.nydus4j.blob.codec;

import io.airlift.compress.v3.zstd.ZstdInputStream;
import io.nydus4j.blob.RafsFormatException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Decompresses zstd frames, one behind the other, as they come; memory is bounded by their windows of up to 8 MiB. Not safe for use by several
 * threads.
 */
public final class ZstdStream extends InputStream {
    private final Source source;
    private final ZstdInputStream plain;

    /** Takes over {@code frames}, in which there are no skippable ones. */
    public ZstdStream(InputStream frames) {
        source = new Source(frames);
        plain = new ZstdInputStream(source);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    /** Reads plain bytes; throws {@link RafsFormatException} if the frames are broken. */
    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        try {
            return plain.read(target, offset, length);
        } catch (RuntimeException e) { // the decompressor has several ways to say that a frame is broken
            throw Malformed.data("zstd data", String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw source.ended ? Malformed.data("zstd data", "is cut off", e) : e;
        }
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }

    /** Knows whether the frames have ended: what fails then is not their reading. */
    private static final class Source extends FilterInputStream {
        private boolean ended;

        Source(InputStream frames) {
            super(frames);
        }

        @Override
        public int read() throws IOException {
            int value = in.read();
            ended |= value < 0;
            return value;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int count = in.read(target, offset, length);
            ended |= count < 0;
            return count;
        }
    }
}
