package io.nydus4j.daemon.api;

import java.io.IOException;

/** Says that a daemon answered a request with an error. */
public final class ApiException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient JsonValue error;

    /**
     * Describes the answer.
     *
     * @param status HTTP status, 400 or more
     * @param error  what the daemon says
     */
    public ApiException(int status, JsonValue error) {
        super("Request failed. " + DebugText.of(error));
        this.status = status;
        this.error = error;
    }

    /** Returns the HTTP status. */
    public int status() {
        return status;
    }

    /** Returns what the daemon says; its {@code message} names the cause. */
    public JsonValue error() {
        return error;
    }
}
