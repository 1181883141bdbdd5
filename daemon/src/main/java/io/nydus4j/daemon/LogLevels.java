package io.nydus4j.daemon;

/** Sets the level from which on a process logs; how, is the business of the process. */
@FunctionalInterface
public interface LogLevels {
    /** Leaves the level as it is. */
    LogLevels FIXED = level -> {};

    /**
     * Sets the level.
     *
     * @param level {@code off}, {@code error}, {@code warn}, {@code info}, {@code debug} or {@code trace}
     */
    void set(String level);
}
