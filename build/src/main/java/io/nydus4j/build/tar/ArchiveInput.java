package io.nydus4j.build.tar;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The plain bytes of an archive, which come once and in order. Not safe for use by several threads. */
public interface ArchiveInput extends AutoCloseable {
    /**
     * Reads some bytes, at least one, waiting for them if need be.
     *
     * @param target has room for at least one byte
     * @return the number of bytes, or -1 at the end
     * @throws IOException if the source cannot be read or its compressed form is broken
     */
    int read(ByteBuffer target) throws IOException;

    /** Returns how many plain bytes have been read. */
    long position();

    @Override
    void close() throws IOException;
}
