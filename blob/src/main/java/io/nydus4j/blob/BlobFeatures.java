package io.nydus4j.blob;

import java.util.StringJoiner;

/**
 * The feature bits of a data blob, as blob tables and chunk information headers hold them.
 *
 * <p>Mirrors {@code BlobFeatures} of the reference.
 *
 * @param bits the bits as stored
 */
public record BlobFeatures(int bits) {
    /** Uncompressed offsets are multiples of 4096. */
    public static final int ALIGNED = 0x1;
    /** The bootstrap is inlined in the blob. */
    public static final int INLINED_FS_META = 0x2;
    /** Chunk information records are of version 2. */
    public static final int CHUNK_INFO_V2 = 0x4;
    /** Chunks lie in a gzip stream that is read through contexts. */
    public static final int ZRAN = 0x8;
    /** Data and metadata are in different blobs. */
    public static final int SEPARATE = 0x10;
    /** The blob carries an array of chunk digests. */
    public static final int INLINED_CHUNK_DIGEST = 0x20;
    /** The blob is a tar file, addressed in blocks of 512 bytes. */
    public static final int TARFS = 0x40;
    /** Small chunks are compressed together. */
    public static final int BATCH = 0x80;
    /** Chunks and chunk information are encrypted. */
    public static final int ENCRYPTED = 0x100;
    /** The entry belongs to a generated chunk dictionary. */
    public static final int IS_CHUNKDICT_GENERATED = 0x200;
    /** The blob holds the files that an optimized image reads first. */
    public static final int IS_SEPARATED_WITH_PREFETCH_FILES = 0x400;
    /** The data rests in other storage that nobody here writes. */
    public static final int EXTERNAL = 0x800;
    /** Parts of the blob are followed by tar headers. */
    public static final int HAS_TAR_HEADER = 0x10000000;
    /** The blob ends with a table of contents. */
    public static final int HAS_TOC = 0x20000000;
    /** The writer knew tar headers and tables of contents (2.2 and later). */
    public static final int CAP_TAR_TOC = 0x40000000;

    /** Bits that a loader must refuse: incompatible features not known yet, and a marker that is never stored. */
    private static final int REFUSED = 0x8000_F000;

    private static final int[] NAMED = {
        ALIGNED,
        INLINED_FS_META,
        CHUNK_INFO_V2,
        ZRAN,
        SEPARATE,
        INLINED_CHUNK_DIGEST,
        TARFS,
        BATCH,
        ENCRYPTED,
        IS_CHUNKDICT_GENERATED,
        IS_SEPARATED_WITH_PREFETCH_FILES,
        EXTERNAL,
        HAS_TAR_HEADER,
        HAS_TOC,
        CAP_TAR_TOC
    };
    private static final String[] NAMES = {
        "ALIGNED",
        "INLINED_FS_META",
        "CHUNK_INFO_V2",
        "ZRAN",
        "SEPARATE",
        "INLINED_CHUNK_DIGEST",
        "TARFS",
        "BATCH",
        "ENCRYPTED",
        "IS_CHUNKDICT_GENERATED",
        "IS_SEPARATED_WITH_PREFETCH_FILES",
        "EXTERNAL",
        "HAS_TAR_HEADER",
        "HAS_TOC",
        "CAP_TAR_TOC"
    };

    /** No features. */
    public static final BlobFeatures EMPTY = new BlobFeatures(0);

    /** Tells whether all of {@code mask}'s bits are set. */
    public boolean has(int mask) {
        return (bits & mask) == mask;
    }

    /** Tells whether at least one of {@code mask}'s bits is set. */
    public boolean hasAny(int mask) {
        return (bits & mask) != 0;
    }

    /** Returns these features and those of {@code mask}. */
    public BlobFeatures with(int mask) {
        return new BlobFeatures(bits | mask);
    }

    /** Returns these features without those of {@code mask}. */
    public BlobFeatures without(int mask) {
        return new BlobFeatures(bits & ~mask);
    }

    /**
     * Refuses bits that no reader may pass over.
     *
     * @param structure names the structure that holds the bits, for the error
     * @param offset    where that structure lies, in bytes
     * @throws RafsFormatException if such a bit is set
     */
    public void validate(String structure, long offset) throws RafsFormatException {
        if ((bits & REFUSED) != 0) {
            throw new RafsFormatException(
                    structure, offset, "unknown incompatible blob features 0x" + Integer.toHexString(bits & REFUSED));
        }
    }

    /** Returns the names of the set bits joined by {@code " | "}; bits without a name are left out. */
    @Override
    public String toString() {
        StringJoiner names = new StringJoiner(" | ");
        for (int i = 0; i < NAMED.length; i++) {
            if (has(NAMED[i])) {
                names.add(NAMES[i]);
            }
        }
        return names.toString();
    }
}
