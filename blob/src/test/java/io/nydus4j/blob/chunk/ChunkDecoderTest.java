package io.nydus4j.blob.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.crypt.UnitCipher;
import io.nydus4j.blob.digest.Crc32c;
import io.nydus4j.blob.digest.Sha256;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Stored bytes to plain bytes, and the comparison with what was recorded. */
final class ChunkDecoderTest {
    private static final byte[] KEY = "0123456789abcdefFEDCBA9876543210".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] IV = "an initial tweak".getBytes(StandardCharsets.US_ASCII);

    private final UnitCipher cipher = new UnitCipher(KEY, IV);

    private byte[] encrypted(byte[] plain) {
        byte[] stored = new byte[UnitCipher.encryptedSize(plain.length)];
        cipher.encrypt(plain, 0, plain.length, stored, 0);
        return stored;
    }

    private static byte[] compressed(byte[] plain) {
        Codec codec = Codec.of(Compression.ZSTD);
        byte[] target = new byte[codec.maxCompressedLength(plain.length)];
        return Arrays.copyOf(target, codec.compress(plain, 0, plain.length, target, 0));
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i % 7 + 'a');
        }
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 15, 16, 17, 18, 100, 5000})
    void encryptedChunkThatIsNotCompressedDecodes(int length) throws RafsFormatException {
        byte[] plain = bytes(length);
        byte[] target = new byte[length];
        try (ChunkDecoder decoder = new ChunkDecoder(Compression.ZSTD, Optional.of(cipher))) {
            decoder.decode(
                    false, true, MemorySegment.ofArray(encrypted(plain)).asReadOnly(), MemorySegment.ofArray(target));
        }
        assertThat(target).isEqualTo(plain);
    }

    @Test
    void encryptedAndCompressedChunkDecodesOffTheHeap() throws RafsFormatException {
        byte[] plain = bytes(5000);
        byte[] stored = encrypted(compressed(plain));
        try (ChunkDecoder decoder = new ChunkDecoder(Compression.ZSTD, Optional.of(cipher));
                Arena arena = Arena.ofConfined()) {
            MemorySegment source = arena.allocate(stored.length).copyFrom(MemorySegment.ofArray(stored));
            MemorySegment target = arena.allocate(plain.length);
            decoder.decode(true, true, source, target);
            assertThat(target.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(plain);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 15, 18, 19, 64, 5000})
    void encryptedBatchDecodesWhetherCompressedOrNot(int length) throws RafsFormatException {
        byte[] plain = bytes(length);
        byte[] target = new byte[length];
        try (ChunkDecoder decoder = new ChunkDecoder(Compression.ZSTD, Optional.of(cipher))) {
            decoder.decodeBatch(MemorySegment.ofArray(encrypted(plain)), MemorySegment.ofArray(target));
            assertThat(target).as("a short one is padded to 18 bytes").isEqualTo(plain);
            if (length >= 64) {
                Arrays.fill(target, (byte) 0);
                byte[] stored = encrypted(compressed(plain));
                decoder.decodeBatch(MemorySegment.ofArray(stored), MemorySegment.ofArray(target));
                assertThat(target).isEqualTo(plain);
            }
        }
    }

    @Test
    void chunkOfAnotherLengthIsRefused() {
        MemorySegment stored = MemorySegment.ofArray(bytes(100));
        MemorySegment target = MemorySegment.ofArray(new byte[101]);
        try (ChunkDecoder decoder = new ChunkDecoder(Compression.ZSTD, Optional.of(cipher))) {
            assertThatThrownBy(() -> decoder.decode(false, false, stored, target))
                    .isInstanceOf(RafsFormatException.class);
            assertThatThrownBy(() -> decoder.decode(false, true, stored, target))
                    .isInstanceOf(RafsFormatException.class);
            assertThatThrownBy(() -> decoder.decode(true, true, stored, target))
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void encryptedChunkOfABlobThatIsNotIsRefused() {
        try (ChunkDecoder decoder = new ChunkDecoder(Compression.NONE, Optional.empty())) {
            MemorySegment chunk = MemorySegment.ofArray(new byte[20]);
            assertThatThrownBy(() -> decoder.decode(false, true, chunk, chunk)).isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void verifierNamesBlobChunkAndBothSums() {
        byte[] plain = bytes(100);
        MemorySegment segment = MemorySegment.ofArray(plain);
        Digest digest = new Sha256().digest(plain, 0, 100);
        ChunkVerifier verifier = new ChunkVerifier("b10b", DigestAlgorithm.SHA256);
        assertThatThrownBy(() -> verifier.checkCrc32(17, 0xDEADBEEF, segment))
                .isInstanceOf(BlobDigestException.class)
                .hasMessageContainingAll("chunk 17 of blob b10b", "deadbeef", Integer.toHexString(Crc32c.of(segment)));
        assertThatThrownBy(() -> verifier.checkDigest(17, new Digest(1, 2, 3, 4), segment))
                .isInstanceOf(BlobDigestException.class)
                .hasMessageContainingAll("chunk 17 of blob b10b", "0000000000000001", digest.toString());
    }

    @Test
    void checksumOfARecordTakesPrecedenceOverItsDigest() throws BlobDigestException {
        byte[] plain = bytes(100);
        MemorySegment segment = MemorySegment.ofArray(plain);
        ChunkVerifier verifier = new ChunkVerifier("b10b", DigestAlgorithm.SHA256);
        Digest other = new Digest(1, 2, 3, 4);
        int crc = Crc32c.of(segment);
        assertThat(verifier.check(record(other, ChunkFlags.HAS_CRC32, crc), segment))
                .isTrue();
        assertThatThrownBy(() -> verifier.check(record(other, 0, crc), segment))
                .isInstanceOf(BlobDigestException.class);
        assertThat(verifier.check(record(Digest.ZERO, 0, 0), segment))
                .as("nothing to compare with")
                .isFalse();
    }

    private static ChunkRecord record(Digest digest, int flags, int crc) {
        return new ChunkRecord(digest, 0, flags, 100, 100, 0, 0, 0, 17, crc);
    }
}
