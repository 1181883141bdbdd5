package io.nydus4j.blob.crypt;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Objects;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-128-XTS (IEEE 1619) with ciphertext stealing, on top of the JDK's AES.
 *
 * <p>Works on whole data units: the tweak of a unit is its first block's, given by the caller, and each further block's tweak follows
 * from it. All blocks of a piece go through the JDK in one call, between two passes that apply the tweaks. Not safe for use by several
 * threads.
 */
public final class AesXts {
    /** Length of a key: the data key, then the tweak key, in bytes. */
    public static final int KEY_SIZE = 32;

    /** Length of a block, and of an initial tweak, in bytes. */
    public static final int BLOCK = 16;

    private static final int HALF = KEY_SIZE / 2;

    /** Bytes that go through the JDK's AES at once. */
    private static final int PIECE = 16 << 10;

    private static final VarHandle WORD = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final Cipher encryptor;
    private final Cipher decryptor;
    private final Cipher tweaker;
    private final byte[] block = new byte[BLOCK];
    private final byte[] piece = new byte[PIECE];
    private long tweakLow;
    private long tweakHigh;

    /**
     * Makes a cipher.
     *
     * @param key {@value #KEY_SIZE} bytes whose halves differ, see {@link #usableKey}; not kept
     * @throws IllegalArgumentException if the key has another length, or equal halves
     */
    public AesXts(byte[] key) {
        if (key.length != KEY_SIZE) {
            throw new IllegalArgumentException("an AES-128-XTS key has " + KEY_SIZE + " bytes, not " + key.length);
        }
        if (halvesEqual(key)) {
            throw new IllegalArgumentException("the halves of an AES-128-XTS key must differ");
        }
        encryptor = aes(Cipher.ENCRYPT_MODE, key, 0);
        decryptor = aes(Cipher.DECRYPT_MODE, key, 0);
        tweaker = aes(Cipher.ENCRYPT_MODE, key, HALF);
    }

    /**
     * Returns a key whose halves differ: {@code key} itself, or a copy with its first half replaced by bytes 0xA5, or 0x5A if the second
     * half begins with 0xA5. Mirrors {@code Cipher::tweak_key_for_xts} of the reference.
     *
     * @param key {@value #KEY_SIZE} bytes
     */
    public static byte[] usableKey(byte[] key) {
        if (key.length != KEY_SIZE || !halvesEqual(key)) {
            return key;
        }
        byte[] usable = key.clone();
        Arrays.fill(usable, 0, HALF, (byte) (key[HALF] == (byte) 0xA5 ? 0x5A : 0xA5));
        return usable;
    }

    private static boolean halvesEqual(byte[] key) {
        return Arrays.equals(key, 0, HALF, key, HALF, KEY_SIZE);
    }

    private static Cipher aes(int mode, byte[] key, int offset) {
        try {
            Cipher cipher = Cipher.getInstance("AES/ECB/NoPadding");
            cipher.init(mode, new SecretKeySpec(key, offset, HALF, "AES"));
            return cipher;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java platform has AES", e);
        }
    }

    /**
     * Encrypts one data unit.
     *
     * @param iv     tweak of the unit, {@value #BLOCK} bytes
     * @param source holds the plain bytes
     * @param target takes as many bytes; may be {@code source} at the same offset
     * @param length length of the unit in bytes, at least {@value #BLOCK}
     * @throws IllegalArgumentException if the unit is shorter than a block
     */
    public void encrypt(byte[] iv, byte[] source, int sourceOffset, byte[] target, int targetOffset, int length) {
        run(true, iv, source, sourceOffset, target, targetOffset, length);
    }

    /** Decrypts one data unit; the parameters are those of {@link #encrypt}. */
    public void decrypt(byte[] iv, byte[] source, int sourceOffset, byte[] target, int targetOffset, int length) {
        run(false, iv, source, sourceOffset, target, targetOffset, length);
    }

    private void run(
            boolean encrypt, byte[] iv, byte[] source, int sourceOffset, byte[] target, int targetOffset, int length) {
        Objects.checkFromIndexSize(sourceOffset, length, source.length);
        Objects.checkFromIndexSize(targetOffset, length, target.length);
        if (length < BLOCK) {
            throw new IllegalArgumentException("a data unit has at least " + BLOCK + " bytes, not " + length);
        }
        startTweak(iv);
        int tail = length % BLOCK;
        int whole = tail == 0 ? length : length - tail - BLOCK;
        blocks(encrypt, source, sourceOffset, target, targetOffset, whole);
        if (tail != 0) {
            steal(encrypt, source, sourceOffset + whole, target, targetOffset + whole, tail);
        }
    }

    private void startTweak(byte[] iv) {
        if (iv.length != BLOCK) {
            throw new IllegalArgumentException("an initial tweak has " + BLOCK + " bytes, not " + iv.length);
        }
        transform(tweaker, iv, 0, BLOCK, block, 0);
        tweakLow = (long) WORD.get(block, 0);
        tweakHigh = (long) WORD.get(block, 8);
    }

    /** Multiplies the tweak by x in GF(2^128). */
    private void nextTweak() {
        long carry = tweakHigh >> 63 & 0x87;
        tweakHigh = tweakHigh << 1 | tweakLow >>> 63;
        tweakLow = tweakLow << 1 ^ carry;
    }

    private void blocks(boolean encrypt, byte[] source, int sourceOffset, byte[] target, int targetOffset, int length) {
        Cipher cipher = encrypt ? encryptor : decryptor;
        for (int done = 0; done < length; done += PIECE) {
            int count = Math.min(PIECE, length - done);
            long firstLow = tweakLow;
            long firstHigh = tweakHigh;
            applyTweaks(source, sourceOffset + done, piece, 0, count);
            tweakLow = firstLow;
            tweakHigh = firstHigh;
            transform(cipher, piece, 0, count, target, targetOffset + done);
            applyTweaks(target, targetOffset + done, target, targetOffset + done, count);
        }
    }

    private void applyTweaks(byte[] source, int sourceOffset, byte[] target, int targetOffset, int length) {
        for (int i = 0; i < length; i += BLOCK) {
            WORD.set(target, targetOffset + i, (long) WORD.get(source, sourceOffset + i) ^ tweakLow);
            WORD.set(target, targetOffset + i + 8, (long) WORD.get(source, sourceOffset + i + 8) ^ tweakHigh);
            nextTweak();
        }
    }

    /** Handles the last whole block and the partial one behind it. */
    private void steal(boolean encrypt, byte[] source, int sourceOffset, byte[] target, int targetOffset, int tail) {
        Cipher cipher = encrypt ? encryptor : decryptor;
        long low = tweakLow;
        long high = tweakHigh;
        if (!encrypt) {
            // Decryption meets the block with the later tweak first.
            nextTweak();
        }
        byte[] last = Arrays.copyOfRange(source, sourceOffset + BLOCK, sourceOffset + BLOCK + tail);
        System.arraycopy(source, sourceOffset, block, 0, BLOCK);
        oneBlock(cipher);
        if (encrypt) {
            nextTweak();
        } else {
            tweakLow = low;
            tweakHigh = high;
        }
        byte[] stolen = Arrays.copyOf(block, tail);
        System.arraycopy(last, 0, block, 0, tail);
        oneBlock(cipher);
        System.arraycopy(block, 0, target, targetOffset, BLOCK);
        System.arraycopy(stolen, 0, target, targetOffset + BLOCK, tail);
    }

    /** Transforms {@link #block} in place with the current tweak. */
    private void oneBlock(Cipher cipher) {
        xorTweakIntoBlock();
        transform(cipher, block, 0, BLOCK, block, 0);
        xorTweakIntoBlock();
    }

    private void xorTweakIntoBlock() {
        WORD.set(block, 0, (long) WORD.get(block, 0) ^ tweakLow);
        WORD.set(block, 8, (long) WORD.get(block, 8) ^ tweakHigh);
    }

    private static void transform(
            Cipher cipher, byte[] source, int sourceOffset, int length, byte[] target, int targetOffset) {
        try {
            int done = cipher.update(source, sourceOffset, length, target, targetOffset);
            if (done != length) {
                throw new IllegalStateException("AES took " + length + " bytes and gave " + done);
            }
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the target has room", e);
        }
    }
}
