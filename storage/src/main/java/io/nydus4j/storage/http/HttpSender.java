package io.nydus4j.storage.http;

import java.io.IOException;

/** Sends requests. Safe for use by many threads. */
public interface HttpSender extends AutoCloseable {
    /**
     * Sends a request and reads the reply. Blocks on the network.
     *
     * @param reader gets the reply with whatever status it has
     * @throws IOException if no reply came, or the reader throws it
     */
    <T> T send(HttpCall call, ReplyReader<T> reader) throws IOException;

    /** Closes all connections, those in use too. */
    @Override
    void close();
}
