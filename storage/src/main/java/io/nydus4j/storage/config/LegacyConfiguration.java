package io.nydus4j.storage.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads documents of version 1, and says the same in version 2. Mirrors {@code RafsConfig} of the reference. */
final class LegacyConfiguration {
    /** What a document without prefetching says of the cache: nothing, but all of it. */
    private static final PrefetchConfiguration CACHE_PREFETCH = new PrefetchConfiguration(false, 0, 0, 0, true, false);

    private LegacyConfiguration() {}

    static StorageConfiguration read(DocumentSection document) throws ConfigurationException {
        DocumentSection device = document.requiredSection("device");
        String id = device.text("id", "");
        DocumentSection backendSection = device.requiredSection("backend");
        BackendSettings backend = new BackendReader()
                .legacy(backendSection.requiredText("type"), backendSection.requiredSection("config"));
        backendSection.finish();
        List<ExternalBackend> externals = ConfigurationReader.externalBackends(device);
        PrefetchConfiguration prefetch = prefetch(document);
        CacheConfiguration cache = cache(device, prefetch.enable() ? prefetch : CACHE_PREFETCH);
        device.finish();
        RafsConfiguration rafs = new RafsConfiguration(
                document.requiredText("mode"),
                document.whole("amplify_io", 64, RafsConfiguration.DEFAULT.batchSize()),
                document.truth("digest_validate"),
                document.truth("enable_xattr"),
                document.truth("iostats_files"),
                document.truth("access_pattern"),
                document.truth("latest_read_files"),
                prefetch);
        document.finish();
        return new StorageConfiguration(
                StorageConfiguration.VERSION,
                id,
                Optional.of(BackendConfiguration.of(backend)),
                externals,
                Optional.of(cache),
                Optional.of(rafs),
                Optional.empty());
    }

    private static PrefetchConfiguration prefetch(DocumentSection document) throws ConfigurationException {
        Optional<DocumentSection> present = document.presentSection("fs_prefetch");
        if (present.isEmpty()) {
            return PrefetchConfiguration.ABSENT;
        }
        DocumentSection section = present.get();
        PrefetchConfiguration prefetch = new PrefetchConfiguration(
                section.truth("enable"),
                section.whole("threads_count", 64, PrefetchConfiguration.DEFAULT_THREADS),
                section.whole("merging_size", 64, PrefetchConfiguration.DEFAULT_BATCH_SIZE),
                section.whole("bandwidth_rate", 32, 0),
                section.truth("prefetch_all", true),
                section.truth("stream_prefetch"));
        section.finish(Map.of(
                "threads", "fs_prefetch.threads_count",
                "batch_size", "fs_prefetch.merging_size",
                "bandwidth_limit", "fs_prefetch.bandwidth_rate"));
        return prefetch;
    }

    private static CacheConfiguration cache(DocumentSection device, PrefetchConfiguration prefetch)
            throws ConfigurationException {
        Optional<DocumentSection> present = device.presentSection("cache");
        if (present.isEmpty()) {
            return new CacheConfiguration("", false, false, prefetch, Optional.empty(), Optional.empty());
        }
        DocumentSection section = present.get();
        String type = section.text("type", "");
        Optional<FileCacheSettings> fileCache = Optional.empty();
        Optional<FsCacheSettings> fsCache = Optional.empty();
        switch (type) {
            case "blobcache", "filecache" ->
                fileCache = Optional.of(ConfigurationReader.fileCache(section.requiredSection("config")));
            case "fscache" -> fsCache = Optional.of(ConfigurationReader.fsCache(section.requiredSection("config")));
            case "", "dummycache" -> section.ignore("config");
            default -> throw ConfigurationException.unreadable("device.cache: unsupported cache type '" + type + "'");
        }
        CacheConfiguration cache = new CacheConfiguration(
                type, section.truth("compressed"), section.truth("validate"), prefetch, fileCache, fsCache);
        section.finish();
        return cache;
    }
}
