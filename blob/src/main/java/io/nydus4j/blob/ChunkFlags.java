package io.nydus4j.blob;

/** The flag bits of a chunk record ({@link ChunkRecord#flags()}). Mirrors {@code BlobChunkFlags} of the reference. */
public final class ChunkFlags {
    /** The stored bytes are compressed. */
    public static final int COMPRESSED = 0x1;
    /** The chunk is a hole; no writer uses it. */
    public static final int HOLE = 0x2;
    /** The stored bytes are encrypted. */
    public static final int ENCRYPTED = 0x4;
    /** The chunk is a member of a batch. */
    public static final int BATCH = 0x8;
    /** The record holds the CRC-32C of the plain bytes. */
    public static final int HAS_CRC32 = 0x10;

    private ChunkFlags() {}
}
