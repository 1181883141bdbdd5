package io.nydus4j.rafs;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import java.util.StringJoiner;

/**
 * The flag bits of a superblock. Mirrors {@code RafsSuperFlags} of the reference, spellings included.
 *
 * @param bits the bits as stored
 */
public record SuperblockFlags(long bits) {
    public static final long COMPRESSION_NONE = 0x1;
    public static final long COMPRESSION_LZ4 = 0x2;
    public static final long HASH_BLAKE3 = 0x4;
    public static final long HASH_SHA256 = 0x8;
    public static final long EXPLICIT_UID_GID = 0x10;
    public static final long HAS_XATTR = 0x20;
    public static final long COMPRESSION_GZIP = 0x40;
    public static final long COMPRESSION_ZSTD = 0x80;
    public static final long INLINED_CHUNK_DIGEST = 0x100;
    public static final long TARTFS_MODE = 0x200;
    public static final long ENCRYPTION_NONE = 0x0100_0000;
    public static final long ENCRYPTION_ASE_128_XTS = 0x0200_0000;

    /** The four compression bits. */
    public static final long COMPRESSIONS = COMPRESSION_NONE | COMPRESSION_LZ4 | COMPRESSION_GZIP | COMPRESSION_ZSTD;
    /** The two digest bits. */
    public static final long HASHES = HASH_BLAKE3 | HASH_SHA256;
    /** Every bit with a meaning or reserved for compatible use; a loader refuses any other. */
    public static final long KNOWN = 0xFF00_03FFL;

    private static final long[] BITS = {
        0x1,
        0x2,
        0x4,
        0x8,
        0x10,
        0x20,
        0x40,
        0x80,
        0x100,
        0x200,
        0x0100_0000,
        0x0200_0000,
        0x0400_0000,
        0x0800_0000,
        0x1000_0000,
        0x2000_0000,
        0x4000_0000,
        0x8000_0000L
    };
    private static final String[] NAMES = {
        "COMPRESSION_NONE",
        "COMPRESSION_LZ4",
        "HASH_BLAKE3",
        "HASH_SHA256",
        "EXPLICIT_UID_GID",
        "HAS_XATTR",
        "COMPRESSION_GZIP",
        "COMPRESSION_ZSTD",
        "INLINED_CHUNK_DIGEST",
        "TARTFS_MODE",
        "ENCRYPTION_NONE",
        "ENCRYPTION_ASE_128_XTS",
        "PRESERVED_COMPAT_5",
        "PRESERVED_COMPAT_4",
        "PRESERVED_COMPAT_3",
        "PRESERVED_COMPAT_2",
        "PRESERVED_COMPAT_1",
        "PRESERVED_COMPAT_0"
    };

    /** Tells whether all bits of {@code mask} are set. */
    public boolean has(long mask) {
        return (bits & mask) == mask;
    }

    /** Returns these flags and those of {@code mask}. */
    public SuperblockFlags with(long mask) {
        return new SuperblockFlags(bits | mask);
    }

    /** Returns the digest algorithm; BLAKE3 wins over SHA-256, and stands where neither is set. */
    public DigestAlgorithm digestAlgorithm() {
        return !has(HASH_BLAKE3) && has(HASH_SHA256) ? DigestAlgorithm.SHA256 : DigestAlgorithm.BLAKE3;
    }

    /** Returns the compression: the first set of none, lz4, gzip, zstd; lz4 where none is set. */
    public Compression compression() {
        if (has(COMPRESSION_NONE)) {
            return Compression.NONE;
        }
        if (has(COMPRESSION_LZ4)) {
            return Compression.LZ4_BLOCK;
        }
        if (has(COMPRESSION_GZIP)) {
            return Compression.GZIP;
        }
        return has(COMPRESSION_ZSTD) ? Compression.ZSTD : Compression.LZ4_BLOCK;
    }

    /** Returns the cipher: AES-128-XTS if its bit is set, else none. */
    public CipherAlgorithm cipher() {
        return has(ENCRYPTION_ASE_128_XTS) ? CipherAlgorithm.AES_128_XTS : CipherAlgorithm.NONE;
    }

    /** Returns the bit for a digest algorithm. */
    public static long bitOf(DigestAlgorithm algorithm) {
        return switch (algorithm) {
            case BLAKE3 -> HASH_BLAKE3;
            case SHA256 -> HASH_SHA256;
        };
    }

    /** Returns the bit for a compression. */
    public static long bitOf(Compression compression) {
        return switch (compression) {
            case NONE -> COMPRESSION_NONE;
            case LZ4_BLOCK -> COMPRESSION_LZ4;
            case GZIP -> COMPRESSION_GZIP;
            case ZSTD -> COMPRESSION_ZSTD;
        };
    }

    /** Returns the bit for a cipher; all but AES-128-XTS count as none. */
    public static long bitOf(CipherAlgorithm cipher) {
        return cipher == CipherAlgorithm.AES_128_XTS ? ENCRYPTION_ASE_128_XTS : ENCRYPTION_NONE;
    }

    /** Returns the names of the set bits joined by {@code " | "}, or {@code "(empty)"}. */
    @Override
    public String toString() {
        StringJoiner names = new StringJoiner(" | ").setEmptyValue("(empty)");
        for (int i = 0; i < BITS.length; i++) {
            if (has(BITS[i])) {
                names.add(NAMES[i]);
            }
        }
        return names.toString();
    }
}
