package io.nydus4j.cli.option;

/** Says that a command line is wrong: the command prints the text after {@code error: } and ends with exit code 2. */
public final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean withUsage;

    /**
     * Describes the mistake.
     *
     * @param message   the mistake, possibly followed by further lines such as the values that would be right
     * @param withUsage whether the command's usage line helps here
     */
    public UsageException(String message, boolean withUsage) {
        super(message);
        this.withUsage = withUsage;
    }

    /** Tells whether the usage line should follow. */
    public boolean withUsage() {
        return withUsage;
    }
}
