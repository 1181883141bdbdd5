package io.nydus4j.storage.http;

import java.io.IOException;

/** Says that a reply was not what had been asked for, such as another range. */
public final class WrongReplyException extends IOException {
    private static final long serialVersionUID = 1L;

    private final boolean retryable;

    /** Describes what was expected and found; asking again may help. */
    public WrongReplyException(String problem) {
        this(problem, true);
    }

    /**
     * Describes what was expected and found.
     *
     * @param retryable whether asking again may help
     */
    public WrongReplyException(String problem, boolean retryable) {
        super(problem);
        this.retryable = retryable;
    }

    /** Tells whether asking again may help. */
    public boolean retryable() {
        return retryable;
    }
}
