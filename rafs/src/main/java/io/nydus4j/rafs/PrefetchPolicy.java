package io.nydus4j.rafs;

/** What a build does with prefetch patterns. */
public enum PrefetchPolicy {
    /** Takes no patterns. */
    NONE("none"),
    /** Puts the files first in the blob and lists them in the prefetch table. */
    FS("fs"),
    /** Puts the files first in the blob and records how much of it they fill. */
    BLOB("blob");

    private final String text;

    PrefetchPolicy(String text) {
        this.text = text;
    }

    /** Returns the word for this policy in options. */
    public String text() {
        return text;
    }

    /**
     * Returns the policy with this word.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static PrefetchPolicy parse(String text) {
        for (PrefetchPolicy policy : values()) {
            if (policy.text.equals(text)) {
                return policy;
            }
        }
        throw new IllegalArgumentException("invalid prefetch policy");
    }
}
