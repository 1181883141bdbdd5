package io.nydus4j.blob;

import java.io.IOException;

/** Says that data is well-formed but not what its checksum or digest promises. */
public final class BlobDigestException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * Describes the mismatch.
     *
     * @param what     the data, such as {@code "chunk 17 of blob 5be2…"}
     * @param expected the recorded checksum or digest, as hex text
     * @param found    the one computed from the data, as hex text
     */
    public BlobDigestException(String what, String expected, String found) {
        super(what + ": expected " + expected + ", found " + found);
    }
}
