package io.nydus4j.rafs;

/** How a bootstrap is held while it is open. A caller gets the same answers either way. */
public enum RafsMode {
    /** The file is mapped, and each record checked when it is read. */
    DIRECT("direct"),
    /** The file is copied into memory and every record checked at once; v5 only. */
    CACHED("cached");

    private final String text;

    RafsMode(String text) {
        this.text = text;
    }

    /** Returns the word for this mode in configurations. */
    public String text() {
        return text;
    }

    /**
     * Returns the mode with this word.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static RafsMode parse(String text) {
        for (RafsMode mode : values()) {
            if (mode.text.equals(text)) {
                return mode;
            }
        }
        throw new IllegalArgumentException("rafs mode should be direct or cached");
    }

    @Override
    public String toString() {
        return text;
    }
}
