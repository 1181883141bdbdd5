package io.nydus4j.rafs.v5;

import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.digest.Blake3;
import io.nydus4j.blob.digest.Sha256;
import java.lang.foreign.MemorySegment;

/**
 * Computes digests of inodes: one over the pieces that make the inode, whatever its type.
 *
 * <p>The pieces are a regular file's chunk digests, a directory's children's digests in name order, a symbolic link's target; other
 * inodes have none. Mirrors {@code Node::generate_inode_digest} of the reference. Not safe for use by several threads.
 */
final class InodeDigester {
    /** A hasher of either algorithm. */
    private interface Hasher {
        void update(byte[] data, int length);

        void update(MemorySegment data);

        Digest digest();
    }

    /** Digests are gathered here, for hashers are slow with small pieces. */
    private final byte[] buffer = new byte[128 * Digest.SIZE];

    private final MemorySegment bufferSegment = MemorySegment.ofArray(buffer);
    private final Hasher hasher;
    private int filled;

    InodeDigester(DigestAlgorithm algorithm) {
        hasher = switch (algorithm) {
            case BLAKE3 -> blake3();
            case SHA256 -> sha256();
        };
    }

    private static Hasher blake3() {
        Blake3 blake3 = new Blake3();
        return new Hasher() {
            @Override
            public void update(byte[] data, int length) {
                blake3.update(data, 0, length);
            }

            @Override
            public void update(MemorySegment data) {
                blake3.update(data);
            }

            @Override
            public Digest digest() {
                Digest digest = blake3.digest();
                blake3.reset();
                return digest;
            }
        };
    }

    private static Hasher sha256() {
        Sha256 sha256 = new Sha256();
        return new Hasher() {
            @Override
            public void update(byte[] data, int length) {
                sha256.update(data, 0, length);
            }

            @Override
            public void update(MemorySegment data) {
                sha256.update(data);
            }

            @Override
            public Digest digest() {
                return sha256.digest();
            }
        };
    }

    /** Adds the digest of a chunk or child. */
    void add(Digest digest) {
        makeRoom();
        digest.write(buffer, filled);
        filled += Digest.SIZE;
    }

    /** Adds the digest of a chunk or child that is stored at {@code offset}. */
    void add(MemorySegment segment, long offset) {
        makeRoom();
        MemorySegment.copy(segment, offset, bufferSegment, filled, Digest.SIZE);
        filled += Digest.SIZE;
    }

    /** Adds the target of a symbolic link. */
    void addTarget(MemorySegment target) {
        flush();
        hasher.update(target);
    }

    private void makeRoom() {
        if (filled == buffer.length) {
            flush();
        }
    }

    private void flush() {
        hasher.update(buffer, filled);
        filled = 0;
    }

    /** Returns the digest of all that was added, and starts anew. */
    Digest finish() {
        flush();
        return hasher.digest();
    }
}
