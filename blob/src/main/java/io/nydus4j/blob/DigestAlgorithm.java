package io.nydus4j.blob;

/** How chunks and inodes are identified. */
public enum DigestAlgorithm {
    BLAKE3(0, "blake3", "Blake3"),
    SHA256(1, "sha256", "Sha256");

    private final int code;
    private final String text;
    private final String label;

    DigestAlgorithm(int code, String text, String label) {
        this.code = code;
        this.text = text;
        this.label = label;
    }

    /** Returns the number that stands for this algorithm on disk. */
    public int code() {
        return code;
    }

    /** Returns the word for this algorithm in options and result files. */
    public String text() {
        return text;
    }

    /** Returns the word for this algorithm in the reference's messages. */
    public String label() {
        return label;
    }

    /**
     * Returns the algorithm with this number.
     *
     * @param structure names the structure that holds the number, for the error
     * @param offset    where that structure lies, in bytes
     * @throws RafsFormatException if there is none
     */
    public static DigestAlgorithm ofCode(int code, String structure, long offset) throws RafsFormatException {
        return switch (code) {
            case 0 -> BLAKE3;
            case 1 -> SHA256;
            default ->
                throw new RafsFormatException(
                        structure, offset, "expected digest algorithm 0 or 1, found " + Integer.toUnsignedString(code));
        };
    }
}
