package io.nydus4j.storage.http;

import java.io.IOException;
import java.util.Optional;

/** Where one kind of server keeps blobs, and how it wants to be asked. Safe for use by several threads. */
public interface BlobEndpoint extends AutoCloseable {
    /**
     * Asks for a blob once: identifies itself and follows redirects as the server wants, but repeats nothing because of a failure.
     *
     * @param method {@code GET} or {@code HEAD}
     * @param range  the bytes wanted; empty for all
     * @param reader gets the reply with whatever status came in the end
     * @throws IOException if no reply came, or the reader throws it
     */
    <T> T send(String method, String blobId, Optional<ByteRange> range, ReplyReader<T> reader) throws IOException;

    /** Closes all connections, those in use too. */
    @Override
    void close();
}
