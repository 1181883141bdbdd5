package io.nydus4j.blob;

/** How chunks and metadata are compressed. */
public enum Compression {
    NONE(0, "none"),
    LZ4_BLOCK(1, "lz4_block"),
    GZIP(2, "gzip"),
    ZSTD(3, "zstd");

    private final int code;
    private final String text;

    Compression(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** Returns the number that stands for this compression on disk. */
    public int code() {
        return code;
    }

    /** Returns the word for this compression in options and result files. */
    public String text() {
        return text;
    }

    /**
     * Returns the compression with this number.
     *
     * @param structure names the structure that holds the number, for the error
     * @param offset    where that structure lies, in bytes
     * @throws RafsFormatException if there is none
     */
    public static Compression ofCode(int code, String structure, long offset) throws RafsFormatException {
        return switch (code) {
            case 0 -> NONE;
            case 1 -> LZ4_BLOCK;
            case 2 -> GZIP;
            case 3 -> ZSTD;
            default ->
                throw new RafsFormatException(
                        structure, offset, "expected compression 0 to 3, found " + Integer.toUnsignedString(code));
        };
    }
}
