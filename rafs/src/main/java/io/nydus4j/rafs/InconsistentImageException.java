package io.nydus4j.rafs;

import java.io.IOException;

/** Two images that were to be put together do not go together. The message says in what they differ. */
public final class InconsistentImageException extends IOException {
    private static final long serialVersionUID = 1;

    /** Makes one with a text for the user. */
    public InconsistentImageException(String message) {
        super(message);
    }
}
