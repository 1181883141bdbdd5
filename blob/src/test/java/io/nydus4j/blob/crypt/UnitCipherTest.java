package io.nydus4j.blob.crypt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Units of all sizes, and the padding of short ones. */
final class UnitCipherTest {
    private static final byte[] KEY = "0123456789abcdefFEDCBA9876543210".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] IV = "an initial tweak".getBytes(StandardCharsets.US_ASCII);

    private final UnitCipher cipher = new UnitCipher(KEY, IV);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 14, 15, 16, 17, 18, 19, 31, 32, 4096, 100_001})
    void unitsOfAllSizesRoundTrip(int length) throws RafsFormatException {
        byte[] plain = new byte[length];
        Arrays.fill(plain, (byte) 7);
        byte[] stored = new byte[UnitCipher.encryptedSize(length)];
        assertThat(cipher.encrypt(plain, 0, length, stored, 0)).isEqualTo(stored.length);
        assertThat(stored.length).isEqualTo(length < 16 ? 18 : length);
        byte[] target = new byte[stored.length];
        assertThat(cipher.copy().decrypt(stored, 0, stored.length, target, 0)).isEqualTo(length);
        assertThat(Arrays.copyOf(target, length)).isEqualTo(plain);
        cipher.decryptExactly(stored, 0, stored.length, target, 0, length);
        assertThat(Arrays.copyOf(target, length)).isEqualTo(plain);
    }

    @Test
    void shortUnitsArePaddedAsTheFormatSays() {
        byte[] stored = new byte[18];
        cipher.encrypt(new byte[] {1, 2, 3}, 0, 3, stored, 0);
        byte[] padded = new byte[18];
        new AesXts(KEY).decrypt(IV, stored, 0, padded, 0, 18);
        assertThat(padded)
                .isEqualTo(new byte[] {1, 2, 3, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 13, 0x78, (byte) 0x90});
    }

    @Test
    void aUnitThatLooksPaddedIsWholeIfItsSizeIsKnown() throws RafsFormatException {
        byte[] plain = new byte[18];
        plain[15] = 3;
        plain[16] = 0x78;
        plain[17] = (byte) 0x90;
        byte[] stored = new byte[18];
        cipher.encrypt(plain, 0, 18, stored, 0);
        byte[] target = new byte[18];
        assertThat(cipher.decrypt(stored, 0, 18, target, 0)).isEqualTo(13);
        cipher.decryptExactly(stored, 0, 18, target, 0, 18);
        assertThat(target).isEqualTo(plain);
    }

    @Test
    void impossiblePaddingIsRefused() {
        byte[] plain = new byte[18];
        plain[15] = 16;
        plain[16] = 0x78;
        plain[17] = (byte) 0x90;
        byte[] stored = new byte[18];
        cipher.encrypt(plain, 0, 18, stored, 0);
        assertThatThrownBy(() -> cipher.decrypt(stored, 0, 18, stored, 0)).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> cipher.decrypt(new byte[15], 0, 15, new byte[15], 0))
                .isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> cipher.decryptExactly(new byte[20], 0, 20, new byte[20], 0, 19))
                .isInstanceOf(RafsFormatException.class);
    }

    @Test
    void blobsInUnknownCiphersOrWithUselessKeysAreRefused() {
        BlobInfo.Builder blob = BlobInfo.builder().features(BlobFeatures.EMPTY.with(BlobFeatures.ENCRYPTED));
        assertThatThrownBy(() ->
                        UnitCipher.of(blob.cipher(CipherAlgorithm.AES_256_GCM).build()))
                .isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> UnitCipher.of(blob.cipher(CipherAlgorithm.AES_128_XTS)
                        .metaDigest(Digest.ZERO)
                        .build()))
                .isInstanceOf(RafsFormatException.class);
    }
}
