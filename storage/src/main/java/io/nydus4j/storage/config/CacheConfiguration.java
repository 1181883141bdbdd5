package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * The cache section.
 *
 * @param type       the word in the document: empty, dummycache, blobcache, filecache or fscache
 * @param compressed whether stored bytes are kept as they come
 * @param validate   whether digests are checked where a checksum would do
 * @param prefetch   how prefetching runs
 * @param fileCache  settings of the file cache
 * @param fsCache    settings of the kernel's cache
 */
public record CacheConfiguration(
        String type,
        boolean compressed,
        boolean validate,
        PrefetchConfiguration prefetch,
        Optional<FileCacheSettings> fileCache,
        Optional<FsCacheSettings> fsCache) {
    /** Returns a file cache in {@code workDirectory} without prefetching. */
    public static CacheConfiguration inFiles(String workDirectory) {
        return new CacheConfiguration(
                "filecache",
                false,
                false,
                PrefetchConfiguration.ABSENT,
                Optional.of(FileCacheSettings.in(workDirectory)),
                Optional.empty());
    }

    /** Returns no cache at all. */
    public static CacheConfiguration none() {
        return new CacheConfiguration(
                "dummycache", false, false, PrefetchConfiguration.ABSENT, Optional.empty(), Optional.empty());
    }

    /** Returns the kind that {@link #type()} means; empty if there is no such kind. */
    public Optional<CacheKind> kind() {
        return switch (type) {
            case "", "dummycache" -> Optional.of(CacheKind.DUMMY);
            case "blobcache", "filecache" -> Optional.of(CacheKind.FILE);
            case "fscache" -> Optional.of(CacheKind.FSCACHE);
            default -> Optional.empty();
        };
    }

    Optional<String> problem() {
        Optional<CacheKind> kind = kind();
        if (kind.isEmpty()) {
            return Optional.of("cache: there is no cache type '" + type + "'");
        }
        Optional<String> workDirectory = switch (kind.get()) {
            case DUMMY -> Optional.of("unused");
            case FILE -> fileCache.map(FileCacheSettings::workDirectory);
            case FSCACHE -> fsCache.map(FsCacheSettings::workDirectory);
        };
        if (workDirectory.isEmpty() || workDirectory.get().isEmpty()) {
            return Optional.of("cache: type '" + type + "' needs a section of its own with a work_dir");
        }
        return prefetch.problem("cache");
    }

    CacheConfiguration withoutSecrets() {
        return new CacheConfiguration(
                type, compressed, validate, prefetch, fileCache.map(FileCacheSettings::withoutSecrets), fsCache);
    }
}
