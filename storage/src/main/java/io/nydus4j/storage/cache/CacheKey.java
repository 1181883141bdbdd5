package io.nydus4j.storage.cache;

import io.nydus4j.blob.crypt.AesXts;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.FileCacheSettings;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/** Finds the key of an encrypted cache. */
final class CacheKey {
    private CacheKey() {}

    /**
     * Returns the key that a configuration says; empty if the cache is not encrypted.
     *
     * @throws ConfigurationException if there is no such encryption here, or the key is none
     */
    static Optional<byte[]> of(CacheConfiguration cache) throws ConfigurationException {
        Optional<FileCacheSettings> encrypted = cache.fileCache().filter(FileCacheSettings::enableEncryption);
        if (encrypted.isEmpty()) {
            return Optional.empty();
        }
        if (encrypted.get().enableConvergentEncryption()) {
            throw new ConfigurationException(
                    "convergent encryption of caches is not supported",
                    "cache.filecache: enable_convergent_encryption is set");
        }
        if (cache.compressed()) {
            // The reference takes this, and encrypts nothing.
            throw new ConfigurationException(
                    "a cache of stored bytes cannot be encrypted",
                    "cache: compressed and filecache.enable_encryption are set");
        }
        byte[] key;
        try {
            key = HexFormat.of().parseHex(encrypted.get().encryptionKey().value());
        } catch (IllegalArgumentException e) {
            key = new byte[0];
        }
        if (key.length != AesXts.KEY_SIZE || Arrays.equals(key, 0, key.length / 2, key, key.length / 2, key.length)) {
            throw new ConfigurationException(
                    "invalid configuration",
                    "cache.filecache.encryption_key: expected " + AesXts.KEY_SIZE
                            + " bytes as hexadecimal digits, whose halves differ");
        }
        return Optional.of(key);
    }
}
