package io.nydus4j.daemon.trace;

import java.util.Locale;

/** Where the bytes of a read were. */
public enum ReadSource {
    /** In the cache, ready: they went to the reader at once. */
    CACHE,
    /** In the cache or nowhere (a hole), but they had to be checked, decoded or gathered first, or another reader fetched them. */
    LOCAL,
    /** In the backend: the reader waited while they were fetched. */
    BACKEND,
    /** Nowhere: the read failed. */
    FAILED;

    /** Returns the word by which reports call it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
