package io.nydus4j.storage.cache;

import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.RafsConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.time.Duration;

/**
 * What caches take from a configuration.
 *
 * @param demandBatch   stored bytes that requests for missing data grow to
 * @param prefetchBatch stored bytes that prefetching requests grow to
 * @param validate      whether digests are compared even where there is a CRC
 * @param compressed    whether stored bytes are kept instead of plain ones
 * @param persistMap    whether readiness of v5 chunks is kept in a file
 * @param roomPatience  how long readers wait while the disk of a cache in files is full
 */
public record CacheOptions(
        long demandBatch,
        long prefetchBatch,
        boolean validate,
        boolean compressed,
        boolean persistMap,
        Duration roomPatience) {
    /** Returns the options that a configuration says. */
    public static CacheOptions of(StorageConfiguration configuration) {
        return new CacheOptions(
                configuration.rafs().orElse(RafsConfiguration.DEFAULT).batchSize(),
                configuration.cache().map(cache -> cache.prefetch().batchSize()).orElse(0L),
                configuration.validatesChunks(),
                configuration.cache().map(CacheConfiguration::compressed).orElse(false),
                !configuration
                        .cache()
                        .flatMap(CacheConfiguration::fileCache)
                        .map(file -> file.disableIndexedMap())
                        .orElse(false),
                Duration.ofSeconds(configuration
                        .cache()
                        .flatMap(CacheConfiguration::fileCache)
                        .map(FileCacheSettings::roomSeconds)
                        .orElse(0L)));
    }

    /** Returns these options, but with every chunk compared with its digest. */
    CacheOptions withDigests() {
        return new CacheOptions(demandBatch, prefetchBatch, true, compressed, persistMap, roomPatience);
    }
}
