package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.crypt.AesXts;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.FileCacheSettings;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;

/** How a cache is encrypted. */
sealed interface CacheEncryption {
    /** Lends the ciphers of one blob's chunks. Safe for use by several threads. */
    interface Ciphers {
        /** Lends the cipher of a chunk, for one thread. */
        AesXts take(int indexInBlob);

        /** Takes a cipher back. */
        void giveBack(AesXts cipher);
    }

    /** Tells whether the digests of a blob's chunks are needed. */
    boolean needsDigests();

    /**
     * Makes the ciphers of a blob.
     *
     * @param digests has the digests of its chunks, if they are needed
     * @throws ConfigurationException if this blob cannot be encrypted so
     */
    Ciphers ciphers(BlobInfo blob, ChunkChecks digests) throws ConfigurationException;

    /**
     * Returns the encryption that a configuration says; empty if the cache is not encrypted.
     *
     * @throws ConfigurationException if there is no such encryption here, or the key is none
     */
    static Optional<CacheEncryption> of(CacheConfiguration cache) throws ConfigurationException {
        Optional<FileCacheSettings> encrypted = cache.fileCache().filter(FileCacheSettings::enableEncryption);
        if (encrypted.isEmpty()) {
            return Optional.empty();
        }
        if (cache.compressed()) {
            // The reference takes this, and encrypts nothing.
            throw new ConfigurationException(
                    "a cache of stored bytes cannot be encrypted",
                    "cache: compressed and filecache.enable_encryption are set");
        }
        if (encrypted.get().enableConvergentEncryption()) {
            return Optional.of(new Convergent());
        }
        byte[] key;
        try {
            key = HexFormat.of().parseHex(encrypted.get().encryptionKey().value());
        } catch (IllegalArgumentException e) {
            key = new byte[0];
        }
        if (!isKey(key)) {
            throw new ConfigurationException(
                    "invalid configuration",
                    "cache.filecache.encryption_key: expected " + AesXts.KEY_SIZE
                            + " bytes as hexadecimal digits, whose halves differ");
        }
        return Optional.of(new OneKey(key));
    }

    private static boolean isKey(byte[] key) {
        return key.length == AesXts.KEY_SIZE && !Arrays.equals(key, 0, key.length / 2, key, key.length / 2, key.length);
    }

    /** All chunks by the same key. */
    record OneKey(byte[] key) implements CacheEncryption {
        @Override
        public boolean needsDigests() {
            return false;
        }

        @Override
        public Ciphers ciphers(BlobInfo blob, ChunkChecks digests) {
            ConcurrentLinkedQueue<AesXts> idle = new ConcurrentLinkedQueue<>();
            return new Ciphers() {
                @Override
                public AesXts take(int indexInBlob) {
                    AesXts cipher = idle.poll();
                    return cipher == null ? new AesXts(key) : cipher;
                }

                @Override
                public void giveBack(AesXts cipher) {
                    idle.add(cipher);
                }
            };
        }
    }

    /**
     * Each chunk by its digest. The reference does so, too, where it knows the digests of all chunks: where the blob carries them and
     * chunks are validated. Elsewhere it takes one key that everybody knows for all; here, that is refused.
     */
    record Convergent() implements CacheEncryption {
        @Override
        public boolean needsDigests() {
            return true;
        }

        @Override
        public Ciphers ciphers(BlobInfo blob, ChunkChecks digests) throws ConfigurationException {
            for (int i = 0; i < blob.chunkCount(); i++) {
                Digest digest = digests.digestOf(i);
                if (digest == null || !isKey(digest.toBytes())) {
                    throw new ConfigurationException(
                            "this image cannot have a cache with convergent encryption",
                            "blob " + blob.effectiveId() + " carries no digest of chunk " + i + " to be its key");
                }
            }
            return new Ciphers() {
                @Override
                public AesXts take(int indexInBlob) {
                    Digest digest = digests.digestOf(indexInBlob);
                    if (digest == null) {
                        throw new IllegalArgumentException("no chunk " + indexInBlob);
                    }
                    return new AesXts(digest.toBytes());
                }

                @Override
                public void giveBack(AesXts cipher) {
                    // It is of no use for another chunk.
                }
            };
        }
    }
}
