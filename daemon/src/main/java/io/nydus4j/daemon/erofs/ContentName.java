package io.nydus4j.daemon.erofs;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.digest.Sha256;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Makes the name of a file's content from the digests of its chunks: a SHA-256 over the algorithm of these, the size, and length and
 * digest of each chunk in their order. Whoever has two contents for one name has a collision of one of the two functions. Equal content
 * in chunks of different sizes has different names: it is merely not shared then.
 *
 * <p>Not safe for use by several threads.
 */
final class ContentName {
    private static final byte[] DOMAIN = "nydus4j object 1\0".getBytes(StandardCharsets.US_ASCII);

    private final Sha256 sha256 = new Sha256();
    private final ByteBuffer record =
            ByteBuffer.allocate(Integer.BYTES + Digest.SIZE).order(ByteOrder.LITTLE_ENDIAN);

    /**
     * Starts a name.
     *
     * @param algorithm that of the digests
     * @param size      of the content, in bytes
     */
    ContentName(DigestAlgorithm algorithm, long size) {
        sha256.update(DOMAIN, 0, DOMAIN.length);
        byte[] word = algorithm.name().getBytes(StandardCharsets.US_ASCII);
        ByteBuffer head = ByteBuffer.allocate(Integer.BYTES + word.length + Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(word.length)
                .put(word)
                .putLong(size);
        sha256.update(head.array(), 0, head.capacity());
    }

    /**
     * Adds the next chunk.
     *
     * @param digest of its plain bytes
     * @param length of these, in bytes
     */
    void add(Digest digest, int length) {
        record.clear().putInt(length).put(digest.toBytes());
        sha256.update(record.array(), 0, record.capacity());
    }

    /** Returns the name, 64 hexadecimal digits. Nothing is to be added after that. */
    String text() {
        return sha256.digest().toString();
    }
}
