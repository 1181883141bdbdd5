package io.nydus4j.daemon.api;

import java.util.Optional;

/** Strings out of JSON values. */
final class Texts {
    private Texts() {}

    /** Returns a string's text, empty for other values. */
    static String orEmpty(JsonValue value) {
        String text = value.text();
        return text == null ? "" : text;
    }

    /** Returns a string's text, nothing for other values. */
    static Optional<String> optional(JsonValue value) {
        return Optional.ofNullable(value.text());
    }
}
