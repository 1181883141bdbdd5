package io.nydus4j.blob;

/** How chunks and metadata are encrypted. Only the first two can be read or written; the others are known by number alone. */
public enum CipherAlgorithm {
    NONE(0),
    AES_128_XTS(1),
    AES_256_XTS(2),
    AES_256_GCM(3);

    private final int code;

    CipherAlgorithm(int code) {
        this.code = code;
    }

    /** Returns the number that stands for this cipher on disk. */
    public int code() {
        return code;
    }

    /**
     * Returns the cipher with this number.
     *
     * @param structure names the structure that holds the number, for the error
     * @param offset    where that structure lies, in bytes
     * @throws RafsFormatException if there is none
     */
    public static CipherAlgorithm ofCode(int code, String structure, long offset) throws RafsFormatException {
        return switch (code) {
            case 0 -> NONE;
            case 1 -> AES_128_XTS;
            case 2 -> AES_256_XTS;
            case 3 -> AES_256_GCM;
            default ->
                throw new RafsFormatException(
                        structure, offset, "expected cipher 0 to 3, found " + Integer.toUnsignedString(code));
        };
    }
}
