package io.nydus4j.storage.http;

import java.io.IOException;

/**
 * Makes a result of a reply. Called again with another reply where another way to the server is tried, so it keeps nothing of a
 * failed call.
 *
 * @param <T> the result
 */
@FunctionalInterface
public interface ReplyReader<T> {
    /**
     * Reads a reply.
     *
     * @param reply valid during the call
     * @throws IOException if the reply cannot be read or is not what was wanted
     */
    T read(HttpReply reply) throws IOException;
}
