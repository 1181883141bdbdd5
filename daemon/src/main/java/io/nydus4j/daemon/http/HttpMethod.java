package io.nydus4j.daemon.http;

import org.jspecify.annotations.Nullable;

/** The methods that the server understands. */
public enum HttpMethod {
    GET,
    HEAD,
    POST,
    PUT,
    PATCH,
    DELETE;

    /** Returns the method of this name, which is case-sensitive, or null if there is none. */
    static @Nullable HttpMethod of(String name) {
        for (HttpMethod method : values()) {
            if (method.name().equals(name)) {
                return method;
            }
        }
        return null;
    }
}
