package io.nydus4j.blob.digest;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Computes chunk digests by either algorithm, one whole chunk at a time.
 *
 * <p>Keeps the state of both algorithms from call to call, so have one per thread that works. Not safe for use by several threads.
 */
public final class ChunkDigester {
    private @Nullable Blake3 blake3;
    private @Nullable Sha256 sha256;

    /** Makes a digester; the state of an algorithm is made at its first use. */
    public ChunkDigester() {}

    /**
     * Returns the digest of one chunk.
     *
     * @param data   holds the chunk's plain bytes
     * @param offset start of the chunk in {@code data}, in bytes
     * @param length length of the chunk in bytes, at least 0
     */
    public Digest digest(DigestAlgorithm algorithm, byte[] data, int offset, int length) {
        return switch (algorithm) {
            case BLAKE3 -> blake3().digest(data, offset, length);
            case SHA256 -> sha256().digest(data, offset, length);
        };
    }

    /** Returns the digest of one chunk, on or off the heap. */
    public Digest digest(DigestAlgorithm algorithm, MemorySegment data) {
        return switch (algorithm) {
            case BLAKE3 -> blake3().digest(data);
            case SHA256 -> sha256().digest(data);
        };
    }

    /**
     * Computes the digests of chunks that lie one behind the other, quicker than one by one where they are short.
     *
     * @param data    holds the chunks
     * @param ends    where each chunk ends, in bytes from the start of {@code data}; the next one starts there, the first at 0
     * @param count   number of chunks
     * @param digests takes a digest for each
     */
    public void digestAll(DigestAlgorithm algorithm, MemorySegment data, int[] ends, int count, Digest[] digests) {
        switch (algorithm) {
            case BLAKE3 -> blake3().digestAll(data, ends, count, digests);
            case SHA256 -> {
                for (int i = 0, start = 0; i < count; start = ends[i++]) {
                    digests[i] = sha256().digest(data.asSlice(start, ends[i] - start));
                }
            }
        }
    }

    private Blake3 blake3() {
        Blake3 hasher = blake3;
        if (hasher == null) {
            hasher = new Blake3();
            blake3 = hasher;
        }
        return hasher;
    }

    private Sha256 sha256() {
        Sha256 hasher = sha256;
        if (hasher == null) {
            hasher = new Sha256();
            sha256 = hasher;
        }
        return hasher;
    }
}
