package io.nydus4j.daemon.trace;

import io.nydus4j.storage.DataOrigin;
import java.util.Locale;

/** Where the bytes of a read were. */
public enum ReadSource {
    /** In the cache, ready: they went to the reader at once. */
    CACHE,
    /** In the cache or nowhere (a hole), but they had to be checked, decoded or gathered first. */
    LOCAL,
    /** In the cache of another blob, and copied from there. */
    SHARED,
    /** In the backend: the reader waited while they were fetched, for it or for another one. */
    BACKEND,
    /** Nowhere: the read failed. */
    FAILED;

    /** Returns the source of a read that was put aside, by where its data was. */
    public static ReadSource ofLate(DataOrigin origin) {
        return switch (origin) {
            case READY, LOCAL -> LOCAL;
            case SHARED -> SHARED;
            case BACKEND -> BACKEND;
        };
    }

    /** Returns the word by which reports call it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
