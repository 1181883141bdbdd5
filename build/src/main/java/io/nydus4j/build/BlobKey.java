package io.nydus4j.build;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.crypt.AesXts;
import io.nydus4j.blob.crypt.UnitCipher;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.security.SecureRandom;

/**
 * The key and IV of an encrypted blob, as its entry in the image holds them.
 *
 * @param key          the cipher's 32-byte key
 * @param firstIvHalf  bytes 0 to 7 of the IV, little-endian
 * @param secondIvHalf bytes 8 to 15 of the IV, little-endian
 */
record BlobKey(Digest key, long firstIvHalf, long secondIvHalf) {
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Returns a new key. */
    static BlobKey random() {
        SecureRandom random = new SecureRandom();
        byte[] bytes = new byte[AesXts.KEY_SIZE];
        random.nextBytes(bytes);
        return new BlobKey(Digest.of(AesXts.usableKey(bytes)), random.nextLong(), random.nextLong());
    }

    /** Returns a cipher with this key. */
    UnitCipher cipher() {
        byte[] iv = new byte[AesXts.BLOCK];
        MemorySegment.ofArray(iv).set(LONG, 0, firstIvHalf);
        MemorySegment.ofArray(iv).set(LONG, Long.BYTES, secondIvHalf);
        return new UnitCipher(key.toBytes(), iv);
    }
}
