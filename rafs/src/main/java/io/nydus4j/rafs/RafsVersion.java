package io.nydus4j.rafs;

/** The versions of the bootstrap format. */
public enum RafsVersion {
    V5(0x500, "5"),
    V6(0x600, "6");

    private final int number;
    private final String text;

    RafsVersion(int number, String text) {
        this.number = number;
        this.text = text;
    }

    /** Returns the number in the superblock. */
    public int number() {
        return number;
    }

    /** Returns {@code "5"} or {@code "6"}. */
    public String text() {
        return text;
    }

    /**
     * Returns the version with this number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static RafsVersion ofNumber(int number) {
        for (RafsVersion version : values()) {
            if (version.number == number) {
                return version;
            }
        }
        throw new IllegalArgumentException("invalid RAFS version number " + Integer.toUnsignedString(number));
    }
}
