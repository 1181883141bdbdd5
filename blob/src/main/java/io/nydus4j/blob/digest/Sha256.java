package io.nydus4j.blob.digest;

import io.nydus4j.blob.Digest;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256, in one shot or in pieces. An instance is reusable and not safe for use by several threads. */
public final class Sha256 {
    /** Largest part of a segment that is seen as one {@link ByteBuffer}. */
    private static final long PART = 1 << 30;

    private final MessageDigest digest;

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
        for (long position = 0; position < data.byteSize(); position += PART) {
            digest.update(data.asSlice(position, Math.min(PART, data.byteSize() - position))
                    .asByteBuffer());
        }
    }

    /** Returns the digest of everything fed since the last reset, and resets. */
    public Digest digest() {
        return Digest.of(digest.digest());
    }
}
