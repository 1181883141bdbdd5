package io.nydus4j.daemon.api;

import java.io.IOException;

/** Says that text is not JSON, or not the JSON that was expected. */
public final class JsonException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String problem;
    private final int line;
    private final int column;

    /**
     * Describes the mistake.
     *
     * @param problem what is wrong, in the words of the reference's parser where they are known
     * @param line    from 1
     * @param column  from 1, 0 if it is not known
     */
    public JsonException(String problem, int line, int column) {
        super(problem + " at line " + line + " column " + column);
        this.problem = problem;
        this.line = line;
        this.column = column;
    }

    /** Returns what is wrong, without the place. */
    public String problem() {
        return problem;
    }

    /** Returns the line, from 1. */
    public int line() {
        return line;
    }

    /** Returns the column, from 1; 0 if it is not known. */
    public int column() {
        return column;
    }
}
