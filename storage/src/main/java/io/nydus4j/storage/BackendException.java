package io.nydus4j.storage;

import java.io.IOException;

/** Says that a backend could not give bytes: which blob, what was asked, and whether asking again may help. */
public final class BackendException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean retryable;

    /**
     * Describes the failure.
     *
     * @param backend   kind and place of the backend, such as {@code "localfs /var/lib/blobs"}; never holds a secret
     * @param request   what was asked, such as {@code "blob 5be2… bytes 0-4095"}
     * @param problem   what went wrong
     * @param retryable whether the same request may succeed later
     */
    public BackendException(String backend, String request, String problem, boolean retryable) {
        super(backend + ": " + request + ": " + problem);
        this.retryable = retryable;
    }

    /** Tells whether the same request may succeed later. */
    public boolean retryable() {
        return retryable;
    }
}
