package io.nydus4j.storage.config;

/**
 * A text that must not reach logs or messages, such as a password: its {@link #toString()} does not tell it.
 *
 * @param value the text itself, possibly empty
 */
public record Secret(String value) {
    /** The empty text. */
    public static final Secret NONE = new Secret("");

    /** Tells whether there is no text. */
    public boolean isEmpty() {
        return value.isEmpty();
    }

    /** Returns a placeholder. */
    @Override
    public String toString() {
        return value.isEmpty() ? "" : "***";
    }
}
