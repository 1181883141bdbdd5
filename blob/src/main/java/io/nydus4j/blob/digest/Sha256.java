package io.nydus4j.blob.digest;

import io.nydus4j.blob.Digest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256, in one shot or in pieces. An instance is reusable and not safe for use by several threads. */
public final class Sha256 {
    /** Bytes of a segment that are copied to the heap at once: the JDK's code takes arrays, and small ones one by one. */
    private static final int STAGING = 64 << 10;

    /**
     * Bytes of segments that are fed block by block at first: the JVM uses the processor's instructions only when the second compiler has
     * had the caller of the code for a block, and it takes what is called often first.
     */
    private static final int FIRST = 1 << 20;

    private static final int BLOCK = 64;

    private final MessageDigest digest;
    private int fedByBlocks;
    private byte[] staging = new byte[0];

    /** Makes a hasher that has seen no input. */
    public Sha256() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * Digests one piece of memory, whatever was fed before: the instance is reset before and after.
     *
     * @param data   holds the input
     * @param offset start of the input in {@code data}, in bytes
     * @param length length of the input in bytes, at least 0
     */
    public Digest digest(byte[] data, int offset, int length) {
        digest.reset();
        digest.update(data, offset, length);
        return digest();
    }

    /** Digests one segment, on or off the heap, whatever was fed before: the instance is reset before and after. */
    public Digest digest(MemorySegment data) {
        digest.reset();
        update(data);
        return digest();
    }

    /** Forgets all input. */
    public void reset() {
        digest.reset();
    }

    /**
     * Feeds more input.
     *
     * @param data   holds the input; not kept
     * @param offset start of the input in {@code data}, in bytes
     * @param length length of the input in bytes, at least 0
     */
    public void update(byte[] data, int offset, int length) {
        digest.update(data, offset, length);
    }

    /** Feeds the remaining bytes of {@code data}, whose position advances to its limit. */
    public void update(ByteBuffer data) {
        digest.update(data);
    }

    /** Feeds all bytes of a segment, on or off the heap; it is not kept. */
    public void update(MemorySegment data) {
        long left = data.byteSize();
        if (staging.length < left && staging.length < STAGING) {
            staging = new byte[(int) Math.min(left, STAGING)];
        }
        for (long position = 0; left > 0; ) {
            int part = (int) Math.min(left, staging.length);
            MemorySegment.copy(data, ValueLayout.JAVA_BYTE, position, staging, 0, part);
            feedStaging(part);
            position += part;
            left -= part;
        }
    }

    private void feedStaging(int length) {
        int fed = 0;
        for (; fedByBlocks < FIRST && fed + BLOCK <= length; fed += BLOCK) {
            digest.update(staging, fed, BLOCK);
            fedByBlocks += BLOCK;
        }
        digest.update(staging, fed, length - fed);
    }

    /** Returns the digest of everything fed since the last reset, and goes on. */
    public Digest soFar() {
        try {
            return Digest.of(((MessageDigest) digest.clone()).digest());
        } catch (CloneNotSupportedException e) {
            throw new IllegalStateException("the platform's SHA-256 can be cloned", e);
        }
    }

    /** Returns the digest of everything fed since the last reset, and resets. */
    public Digest digest() {
        return Digest.of(digest.digest());
    }
}
