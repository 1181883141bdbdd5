package io.nydus4j.daemon.api;

import java.io.IOException;

/**
 * Says that a daemon could not do what it was asked, in the form that its API tells. Mirrors the error kinds of the reference's
 * service.
 */
public final class ServiceException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What kind of failure. */
    public enum Kind {
        /** The file system is not served yet. */
        NOT_READY,
        /** This daemon never does that. */
        UNSUPPORTED,
        /** Not in this state. */
        UNEXPECTED_EVENT,
        /** Handing over failed. */
        UPGRADE,
        /** Anything else. */
        OTHER
    }

    private final Kind kind;
    private final String text;

    /** Describes a failure with no more than its kind; {@code text} says for {@code kind} what it needs, or is empty. */
    public ServiceException(Kind kind, String text) {
        super(text.isEmpty() ? kind.name() : text);
        this.kind = kind;
        this.text = text;
    }

    /** Describes a failure of its own kind. */
    public static ServiceException other(String text) {
        return new ServiceException(Kind.OTHER, text);
    }

    /** Describes a failure of its own kind that another one caused. */
    public static ServiceException of(IOException cause) {
        ServiceException failure = other(String.valueOf(cause.getMessage()));
        failure.initCause(cause);
        return failure;
    }

    /** Describes what this daemon never does. */
    public static ServiceException unsupported() {
        return new ServiceException(Kind.UNSUPPORTED, "");
    }

    /** Describes an event that the daemon's state does not allow, such as {@code Start}. */
    public static ServiceException unexpectedEvent(String event) {
        return new ServiceException(Kind.UNEXPECTED_EVENT, event);
    }

    /** Returns what kind of failure this is. */
    public Kind kind() {
        return kind;
    }

    /** Returns the text as a debug rendering of nested variants, which clients of the reference parse. */
    public String rendering() {
        return switch (kind) {
            case NOT_READY -> "NotReady";
            case UNSUPPORTED -> "Unsupported";
            case UNEXPECTED_EVENT -> "UnexpectedEvent(" + DebugText.quote(text) + ")";
            case UPGRADE -> "UpgradeManager(" + DebugText.quote(text) + ")";
            case OTHER -> "Other(" + DebugText.quote(text) + ")";
        };
    }
}
