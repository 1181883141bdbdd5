package io.nydus4j.blob.chunk;

/**
 * The flag bits of chunk information, as records of version 2 store them; not those of {@link io.nydus4j.blob.ChunkFlags}. Mirrors the
 * {@code CHUNK_V2_FLAG_} constants of the reference.
 */
public final class ChunkInfoFlags {
    /** The stored bytes are compressed. */
    public static final int COMPRESSED = 0x1;
    /** The chunk is read through a zran context. */
    public static final int ZRAN = 0x2;
    /** The chunk is a member of a batch. */
    public static final int BATCH = 0x4;
    /** The stored bytes are encrypted. */
    public static final int ENCRYPTED = 0x8;
    /** The record holds the CRC-32C of the plain bytes. */
    public static final int HAS_CRC32 = 0x10;

    private ChunkInfoFlags() {}
}
