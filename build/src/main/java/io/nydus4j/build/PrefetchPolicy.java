package io.nydus4j.build;

import java.util.Optional;

/** What an image says of the files to fetch first. Mirrors {@code PrefetchPolicy} of the reference. */
public enum PrefetchPolicy {
    /** Nothing. */
    NONE("none"),
    /** The bootstrap lists the files; their data comes first in the blob. */
    FS("fs"),
    /** Their data comes first in the blob, and the image says how long it is. */
    BLOB("blob");

    private final String text;

    PrefetchPolicy(String text) {
        this.text = text;
    }

    /** Returns the word for this policy in options. */
    public String text() {
        return text;
    }

    /** Returns the policy that {@code word} names; empty if there is none. */
    public static Optional<PrefetchPolicy> ofText(String word) {
        for (PrefetchPolicy policy : values()) {
            if (policy.text.equals(word)) {
                return Optional.of(policy);
            }
        }
        return Optional.empty();
    }
}
