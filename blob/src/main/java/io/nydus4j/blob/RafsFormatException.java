package io.nydus4j.blob;

import java.io.IOException;

/**
 * Says that an image, a blob or a chunk map breaks its format: which structure, where, what was expected and what was found.
 *
 * <p>Broken images are daily business for a reader of files from elsewhere, so this is a checked exception, and the only one that
 * a parser may throw for bad bytes.
 */
public final class RafsFormatException extends IOException {
    private static final long serialVersionUID = 1L;

    private final String structure;
    private final long offset;

    /**
     * Describes a broken structure.
     *
     * @param structure the structure's name, such as {@code "superblock"} or {@code "inode 42"}
     * @param offset    where it lies, in bytes from the start of its file or table; negative if it has no place
     * @param problem   what was expected and what was found
     */
    public RafsFormatException(String structure, long offset, String problem) {
        super(offset < 0 ? structure + ": " + problem : structure + " at offset " + offset + ": " + problem);
        this.structure = structure;
        this.offset = offset;
    }

    /** Describes a broken structure, with the failure that showed it. */
    public RafsFormatException(String structure, long offset, String problem, Throwable cause) {
        this(structure, offset, problem);
        initCause(cause);
    }

    /** Returns the name of the broken structure. */
    public String structure() {
        return structure;
    }

    /** Returns where the structure lies, in bytes, or a negative number if it has no place. */
    public long offset() {
        return offset;
    }
}
