package io.nydus4j.cli;

/** Tells where standard error goes, which decides whether progress is shown. */
public final class Terminal {
    private Terminal() {}

    /** Tells whether standard error is a terminal: the launcher knows at no cost, and says so in {@code NYDUS4J_STDERR_TTY}. */
    public static boolean isInteractive() {
        return "1".equals(System.getenv("NYDUS4J_STDERR_TTY"));
    }
}
