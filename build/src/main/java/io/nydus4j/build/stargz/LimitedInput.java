package io.nydus4j.build.stargz;

import io.nydus4j.blob.RafsFormatException;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** The first bytes of decompressed data, for a table of contents. Turns broken compression into {@link RafsFormatException}. */
final class LimitedInput extends FilterInputStream {
    private final boolean refuseMore;
    private long left;

    /**
     * Limits a stream.
     *
     * @param limit      number of bytes to read
     * @param refuseMore whether it is an error if there are more
     */
    LimitedInput(InputStream in, long limit, boolean refuseMore) {
        super(in);
        this.left = limit;
        this.refuseMore = refuseMore;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (left == 0) {
            if (refuseMore && in.read() >= 0) {
                throw broken("is too long", null);
            }
            return -1;
        }
        try {
            int count = in.read(target, offset, (int) Math.min(length, left));
            left -= Math.max(count, 0);
            return count;
        } catch (ZipException | EOFException e) {
            throw broken(String.valueOf(e.getMessage()), e);
        }
    }

    private static RafsFormatException broken(String problem, @Nullable Throwable cause) {
        RafsFormatException failure = new RafsFormatException("table of contents", -1, problem);
        if (cause != null) {
            failure.initCause(cause);
        }
        return failure;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
