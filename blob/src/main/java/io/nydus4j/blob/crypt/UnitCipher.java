package io.nydus4j.blob.crypt;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;

/**
 * Encrypts and decrypts the units of an encrypted blob: stored chunks, batches, the stored chunk information array and its header.
 *
 * <p>Every unit of a blob starts with the same tweak, the blob's IV. A unit of less than 16 bytes, which XTS cannot take, is padded to
 * {@value #PADDED_SIZE}: up to 16 with bytes that say how many were added, then {@code 0x78 0x90}. A longer plain unit of exactly 18 bytes
 * that ends so is taken for padding when it is read; the format cannot tell them apart.
 *
 * <p>Not safe for use by several threads; {@link #copy} makes one for another thread.
 */
public final class UnitCipher {
    /** Stored size of a unit of less than 16 bytes. */
    public static final int PADDED_SIZE = 18;

    private static final byte MARK_0 = 0x78;
    private static final byte MARK_1 = (byte) 0x90;
    private static final String STRUCTURE = "encrypted unit";

    private final byte[] key;
    private final byte[] iv;
    private final AesXts cipher;
    private final byte[] padded = new byte[PADDED_SIZE];

    /**
     * Makes a cipher for the units of one blob.
     *
     * @param key 32 bytes whose halves differ
     * @param iv  16 bytes
     * @throws IllegalArgumentException if a length is wrong, or the key's halves are equal
     */
    public UnitCipher(byte[] key, byte[] iv) {
        if (iv.length != AesXts.BLOCK) {
            throw new IllegalArgumentException("an IV has " + AesXts.BLOCK + " bytes, not " + iv.length);
        }
        this.key = key.clone();
        this.iv = iv.clone();
        cipher = new AesXts(key);
    }

    /**
     * Returns the cipher of a blob, made from the key and IV that its entry holds; empty if it is not encrypted.
     *
     * @throws RafsFormatException if the blob's cipher cannot be read, or its key has equal halves
     */
    public static Optional<UnitCipher> of(BlobInfo blob) throws RafsFormatException {
        if (!blob.features().has(BlobFeatures.ENCRYPTED)) {
            return Optional.empty();
        }
        if (blob.cipher() != CipherAlgorithm.AES_128_XTS) {
            throw new RafsFormatException(
                    "blob " + blob.id(), -1, "is encrypted with " + blob.cipher() + ", only AES_128_XTS can be read");
        }
        byte[] iv = new byte[AesXts.BLOCK];
        ValueLayout.OfLong layout = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        MemorySegment.ofArray(iv).set(layout, 0, blob.metaSize());
        MemorySegment.ofArray(iv).set(layout, 8, blob.cipherIv());
        try {
            return Optional.of(new UnitCipher(blob.metaDigest().toBytes(), iv));
        } catch (IllegalArgumentException e) {
            throw new RafsFormatException("blob " + blob.id(), -1, "its key cannot be used: " + e.getMessage(), e);
        }
    }

    /** Returns a cipher with the same key and IV, for another thread. */
    public UnitCipher copy() {
        return new UnitCipher(key, iv);
    }

    /** Returns the stored size of a unit, in bytes. */
    public static int encryptedSize(int plainLength) {
        return plainLength < AesXts.BLOCK ? PADDED_SIZE : plainLength;
    }

    /**
     * Encrypts one unit.
     *
     * @param plain  holds the unit
     * @param length length of the unit in bytes, at least 0
     * @param target takes {@link #encryptedSize} bytes; may be {@code plain} at the same offset
     * @return the stored size, in bytes
     */
    public int encrypt(byte[] plain, int offset, int length, byte[] target, int targetOffset) {
        if (length >= AesXts.BLOCK) {
            cipher.encrypt(iv, plain, offset, target, targetOffset, length);
            return length;
        }
        System.arraycopy(plain, offset, padded, 0, length);
        Arrays.fill(padded, length, AesXts.BLOCK, (byte) (AesXts.BLOCK - length));
        padded[AesXts.BLOCK] = MARK_0;
        padded[AesXts.BLOCK + 1] = MARK_1;
        cipher.encrypt(iv, padded, 0, target, targetOffset, PADDED_SIZE);
        return PADDED_SIZE;
    }

    /**
     * Decrypts one unit.
     *
     * @param stored holds the unit
     * @param length stored size of the unit, in bytes
     * @param target takes {@code length} bytes; may be {@code stored} at the same offset
     * @return the plain size, in bytes: {@code length}, or 1 to 16 for a padded unit
     * @throws RafsFormatException if the unit is shorter than 16 bytes, or its padding is impossible
     */
    public int decrypt(byte[] stored, int offset, int length, byte[] target, int targetOffset)
            throws RafsFormatException {
        if (length < AesXts.BLOCK) {
            throw new RafsFormatException(STRUCTURE, -1, "expected at least 16 bytes, found " + length);
        }
        cipher.decrypt(iv, stored, offset, target, targetOffset, length);
        boolean marked = length == PADDED_SIZE
                && target[targetOffset + AesXts.BLOCK] == MARK_0
                && target[targetOffset + AesXts.BLOCK + 1] == MARK_1;
        if (!marked) {
            return length;
        }
        int added = Byte.toUnsignedInt(target[targetOffset + AesXts.BLOCK - 1]);
        if (added >= AesXts.BLOCK) {
            throw new RafsFormatException(STRUCTURE, -1, "expected padding of at most 15 bytes, found " + added);
        }
        return AesXts.BLOCK - added;
    }

    /**
     * Decrypts one unit whose plain size is known, so that nothing needs to be guessed about padding.
     *
     * @param plainLength plain size of the unit, in bytes
     * @throws RafsFormatException if the unit has another plain size, or is shorter than 16 bytes
     */
    public void decryptExactly(byte[] stored, int offset, int length, byte[] target, int targetOffset, int plainLength)
            throws RafsFormatException {
        if (length == plainLength && length >= AesXts.BLOCK) {
            cipher.decrypt(iv, stored, offset, target, targetOffset, length);
            return;
        }
        int found = decrypt(stored, offset, length, target, targetOffset);
        if (found != plainLength) {
            throw new RafsFormatException(STRUCTURE, -1, "expected " + plainLength + " plain bytes, found " + found);
        }
    }
}
