package io.nydus4j.blob.digest;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Known answers: FIPS 180-4 for SHA-256, RFC 3720 for CRC-32C. */
final class ChunkDigesterTest {
    private static final byte[] ABC = "xxabcxx".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] DIGITS = "x123456789".getBytes(StandardCharsets.US_ASCII);
    private static final Digest SHA256_ABC =
            Digest.parse("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    private static final Digest BLAKE3_ABC =
            Digest.parse("6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85");

    @Test
    void digestsByEitherAlgorithm() {
        ChunkDigester digester = new ChunkDigester();
        for (int i = 0; i < 2; i++) {
            assertThat(digester.digest(DigestAlgorithm.SHA256, ABC, 2, 3)).isEqualTo(SHA256_ABC);
            assertThat(digester.digest(DigestAlgorithm.BLAKE3, ABC, 2, 3)).isEqualTo(BLAKE3_ABC);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment abc =
                    arena.allocate(3).copyFrom(MemorySegment.ofArray(ABC).asSlice(2, 3));
            assertThat(digester.digest(DigestAlgorithm.SHA256, abc)).isEqualTo(SHA256_ABC);
            assertThat(digester.digest(DigestAlgorithm.BLAKE3, abc)).isEqualTo(BLAKE3_ABC);
        }
    }

    @Test
    void sha256TakesPieces() {
        Sha256 sha256 = new Sha256();
        sha256.update(ABC, 0, 2);
        sha256.reset();
        sha256.update(ABC, 2, 1);
        sha256.update(MemorySegment.ofArray(ABC).asSlice(3, 2));
        assertThat(sha256.digest()).isEqualTo(SHA256_ABC);
    }

    @Test
    void crc32cHasTheKnownCheckValue() {
        assertThat(Crc32c.of(DIGITS, 1, 9)).isEqualTo(0xE3069283);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment digits =
                    arena.allocate(9).copyFrom(MemorySegment.ofArray(DIGITS).asSlice(1, 9));
            assertThat(Crc32c.of(digits)).isEqualTo(0xE3069283);
        }
    }
}
