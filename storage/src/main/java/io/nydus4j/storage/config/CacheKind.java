package io.nydus4j.storage.config;

/** The kinds of cache. */
public enum CacheKind {
    /** None: each read fetches and decodes. */
    DUMMY,
    /** Files that fill themselves. */
    FILE,
    /** Files of the kernel's cache. */
    FSCACHE
}
