package io.nydus4j.storage.http;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** Says that a server answered with a status that means failure. */
public final class HttpStatusException extends IOException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final transient Optional<Duration> retryAfter;

    /**
     * Describes the failure.
     *
     * @param problem    what the server said, possibly empty
     * @param retryAfter when it wants to be asked again
     */
    public HttpStatusException(int status, String problem, Optional<Duration> retryAfter) {
        super("the server answered " + status + (problem.isEmpty() ? "" : ": " + problem));
        this.status = status;
        this.retryAfter = retryAfter;
    }

    /** Returns the status. */
    public int status() {
        return status;
    }

    /** Returns when the server wants to be asked again. */
    public Optional<Duration> retryAfter() {
        return retryAfter;
    }

    /** Tells whether the server asks for patience, rather than failing: 429, or 503 with a time. */
    public boolean asksForPatience() {
        return status == 429 || (status == 503 && retryAfter.isPresent());
    }

    /** Tells whether the same request may succeed later. */
    public boolean retryable() {
        return status >= 500 || status == 408 || status == 425 || status == 429;
    }
}
