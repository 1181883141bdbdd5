package io.nydus4j.build.write;

/** Hears how much file data is stored. */
@FunctionalInterface
public interface StoreProgress {
    /**
     * Says how far the work is.
     *
     * @param done  plain bytes that are through
     * @param total plain bytes of all files, -1 if nobody knows
     */
    void stored(long done, long total);
}
