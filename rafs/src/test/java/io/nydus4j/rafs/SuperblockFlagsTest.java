package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks what the flags of a superblock say, alone and with a version. */
final class SuperblockFlagsTest {
    private static final long FULL = SuperblockFlags.INLINED_CHUNK_DIGEST
            | SuperblockFlags.HASH_SHA256
            | SuperblockFlags.COMPRESSION_GZIP
            | SuperblockFlags.ENCRYPTION_ASE_128_XTS;

    @ParameterizedTest
    @CsvSource({
        "0x1, NONE",
        "0x40, GZIP",
        "0x2, LZ4_BLOCK",
        "0x80, ZSTD",
        "0x82, LZ4_BLOCK",
        "0x0, LZ4_BLOCK",
        "0xC3, NONE"
    })
    void compressionIsTheFirstThatIsSet(String bits, Compression expected) {
        assertThat(new SuperblockFlags(Long.decode(bits)).compression()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0x4, BLAKE3", "0x8, SHA256", "0xC, BLAKE3", "0x0, BLAKE3"})
    void digestIsBlake3UnlessOnlySha256IsSet(String bits, DigestAlgorithm expected) {
        assertThat(new SuperblockFlags(Long.decode(bits)).digestAlgorithm()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"0x2000000, AES_128_XTS", "0x1000000, NONE", "0x0, NONE", "0x3000000, AES_128_XTS"})
    void cipherIsAesIfItsBitIsSet(String bits, CipherAlgorithm expected) {
        assertThat(new SuperblockFlags(Long.decode(bits)).cipher()).isEqualTo(expected);
    }

    @Test
    void algorithmsHaveTheirBits() {
        assertThat(SuperblockFlags.bitOf(Compression.ZSTD)).isEqualTo(0x80);
        assertThat(SuperblockFlags.bitOf(DigestAlgorithm.SHA256)).isEqualTo(0x8);
        assertThat(SuperblockFlags.bitOf(CipherAlgorithm.AES_128_XTS)).isEqualTo(0x2000000);
        assertThat(SuperblockFlags.bitOf(CipherAlgorithm.AES_256_XTS)).isEqualTo(0x1000000);
    }

    @Test
    void namesArePrintedInOrder() {
        assertThat(new SuperblockFlags(0)).hasToString("(empty)");
        assertThat(new SuperblockFlags(0x1000235L))
                .hasToString("COMPRESSION_NONE | HASH_BLAKE3 | EXPLICIT_UID_GID | HAS_XATTR | TARTFS_MODE"
                        + " | ENCRYPTION_NONE");
        assertThat(new SuperblockFlags(0x8400_0000L)).hasToString("PRESERVED_COMPAT_5 | PRESERVED_COMPAT_0");
    }

    static Superblock superblock(RafsVersion version, int chunkSize, long flags) {
        return new Superblock(
                0, version, 0, chunkSize, 0, 0, new SuperblockFlags(flags), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }

    @Test
    void superblockWithoutFlagsHasNothing() {
        Superblock empty = superblock(RafsVersion.V5, 0x100000, 0);
        assertThat(empty.hasXattrs()).isFalse();
        assertThat(empty.inlinedChunkDigest()).isFalse();
        assertThat(empty.explicitUidGid()).isFalse();
        assertThat(empty.compression()).isEqualTo(Compression.LZ4_BLOCK);
        assertThat(empty.digestAlgorithm()).isEqualTo(DigestAlgorithm.BLAKE3);
        assertThat(empty.cipher()).isEqualTo(CipherAlgorithm.NONE);
    }

    @Test
    void superblockOfV6FollowsItsFlags() {
        Superblock v6 = superblock(RafsVersion.V6, 1024, FULL);
        assertThat(v6.inlinedChunkDigest()).isTrue();
        assertThat(v6.compression()).isEqualTo(Compression.GZIP);
        assertThat(v6.digestAlgorithm()).isEqualTo(DigestAlgorithm.SHA256);
        assertThat(v6.cipher()).isEqualTo(CipherAlgorithm.AES_128_XTS);
    }

    @Test
    void superblockOfV5HasNeitherCipherNorInlinedDigests() {
        Superblock v5 = superblock(RafsVersion.V5, 1024, FULL);
        assertThat(v5.inlinedChunkDigest()).isFalse();
        assertThat(v5.compression()).isEqualTo(Compression.GZIP);
        assertThat(v5.digestAlgorithm()).isEqualTo(DigestAlgorithm.SHA256);
        assertThat(v5.cipher()).isEqualTo(CipherAlgorithm.NONE);
    }
}
