package io.nydus4j.daemon.http;

/** Says that bytes are no request this server takes, in words that are sent to the client. */
final class MalformedRequestException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean framed;

    /**
     * Describes the mistake.
     *
     * @param problem what is wrong
     * @param framed  whether it is known where the request ends, so that the next one can be read
     */
    MalformedRequestException(String problem, boolean framed) {
        super(problem, null, false, false);
        this.framed = framed;
    }

    /** Tells whether the bytes of the request have been taken and those of the next one follow. */
    boolean framed() {
        return framed;
    }

    /** Returns what is wrong. */
    String problem() {
        String message = getMessage();
        return message == null ? "" : message;
    }
}
