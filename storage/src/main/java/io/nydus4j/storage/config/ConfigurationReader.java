package io.nydus4j.storage.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Turns a document of any syntax and version into a {@link StorageConfiguration}. For one document. */
final class ConfigurationReader {
    private final List<String> warnings = new ArrayList<>();

    /** Returns what was found odd in the document, in document order. */
    List<String> warnings() {
        return List.copyOf(warnings);
    }

    /**
     * Reads a document.
     *
     * <p>JSON starts with a brace, which TOML cannot. JSON is tried as version 2 first, as the reference does: whatever it takes for
     * version 2 is judged as that, and all else is version 1.
     */
    StorageConfiguration read(String text) throws ConfigurationException {
        if (!text.stripLeading().startsWith("{")) {
            return checked(version2(new DocumentSection("", TomlDocument.parse(text), warnings)));
        }
        DocumentNode.Table table = JsonDocument.parse(text);
        StorageConfiguration configuration;
        try {
            configuration = version2(new DocumentSection("", table, warnings));
        } catch (ConfigurationException e) {
            if (!table.members().containsKey("device")) {
                throw e;
            }
            warnings.clear();
            return version1(table);
        }
        return checked(configuration);
    }

    private static StorageConfiguration checked(StorageConfiguration configuration) throws ConfigurationException {
        Optional<String> problem = configuration.problem();
        if (problem.isPresent()) {
            throw ConfigurationException.invalid(problem.get());
        }
        return configuration;
    }

    private StorageConfiguration version1(DocumentNode.Table table) throws ConfigurationException {
        StorageConfiguration configuration = LegacyConfiguration.read(new DocumentSection("", table, warnings));
        Optional<String> problem = configuration.problem();
        if (problem.isPresent()) {
            throw ConfigurationException.unreadable(problem.get());
        }
        return configuration;
    }

    private static StorageConfiguration version2(DocumentSection document) throws ConfigurationException {
        int version = (int) document.requiredWhole("version", 32);
        String id = document.text("id", "");
        Optional<BackendConfiguration> backend = Optional.empty();
        Optional<DocumentSection> backendSection = document.section("backend");
        if (backendSection.isPresent()) {
            backend = Optional.of(backend(backendSection.get()));
        }
        List<ExternalBackend> externals = externalBackends(document);
        Optional<CacheConfiguration> cache = Optional.empty();
        Optional<DocumentSection> cacheSection = document.section("cache");
        if (cacheSection.isPresent()) {
            cache = Optional.of(cache(cacheSection.get()));
        }
        Optional<RafsConfiguration> rafs = Optional.empty();
        Optional<DocumentSection> rafsSection = document.section("rafs");
        if (rafsSection.isPresent()) {
            rafs = Optional.of(rafs(rafsSection.get()));
        }
        Optional<OverlayConfiguration> overlay = Optional.empty();
        Optional<DocumentSection> overlaySection = document.section("overlay");
        if (overlaySection.isPresent()) {
            DocumentSection section = overlaySection.get();
            overlay = Optional.of(
                    new OverlayConfiguration(section.requiredText("upper_dir"), section.requiredText("work_dir")));
            section.finish();
        }
        document.finish();
        return new StorageConfiguration(version, id, backend, externals, cache, rafs, overlay);
    }

    private static BackendConfiguration backend(DocumentSection section) throws ConfigurationException {
        BackendReader reader = new BackendReader();
        BackendConfiguration configuration = reader.sections(section);
        section.finish();
        return configuration;
    }

    static List<ExternalBackend> externalBackends(DocumentSection document) throws ConfigurationException {
        List<ExternalBackend> backends = new ArrayList<>();
        for (DocumentSection section : document.sections("external_backends")) {
            backends.add(new ExternalBackend(
                    section.textsByName("patch"), section.requiredText("type"), section.textsByName("config")));
            section.finish();
        }
        return backends;
    }

    private static CacheConfiguration cache(DocumentSection section) throws ConfigurationException {
        CacheConfiguration configuration = new CacheConfiguration(
                section.text("type", ""),
                section.truth("compressed"),
                section.truth("validate"),
                prefetch(section),
                section.section("filecache").isPresent()
                        ? Optional.of(fileCache(section.requiredSection("filecache")))
                        : Optional.empty(),
                section.section("fscache").isPresent()
                        ? Optional.of(fsCache(section.requiredSection("fscache")))
                        : Optional.empty());
        String place = "cache." + (configuration.type().equals("fscache") ? "fscache" : "filecache");
        section.finish(Map.of(
                "work_dir", place + ".work_dir",
                "disable_indexed_map", "cache.filecache.disable_indexed_map",
                "enable_encryption", "cache.filecache.enable_encryption",
                "enable_convergent_encryption", "cache.filecache.enable_convergent_encryption",
                "encryption_key", "cache.filecache.encryption_key",
                "budget", "cache.filecache.budget",
                "room_timeout", "cache.filecache.room_timeout"));
        return configuration;
    }

    static FileCacheSettings fileCache(DocumentSection section) throws ConfigurationException {
        FileCacheSettings settings = new FileCacheSettings(
                section.text("work_dir", "."),
                section.truth("disable_indexed_map"),
                section.truth("enable_encryption"),
                section.truth("enable_convergent_encryption"),
                new Secret(section.text("encryption_key", "")),
                section.bytes("budget", 0),
                section.whole("room_timeout", 32, FileCacheSettings.USUAL_ROOM_SECONDS));
        section.finish();
        return settings;
    }

    static FsCacheSettings fsCache(DocumentSection section) throws ConfigurationException {
        FsCacheSettings settings = new FsCacheSettings(section.text("work_dir", "."));
        section.finish();
        return settings;
    }

    private static PrefetchConfiguration prefetch(DocumentSection parent) throws ConfigurationException {
        Optional<DocumentSection> present = parent.presentSection("prefetch");
        if (present.isEmpty()) {
            return PrefetchConfiguration.ABSENT;
        }
        DocumentSection section = present.get();
        PrefetchConfiguration configuration = new PrefetchConfiguration(
                section.requiredTruth("enable"),
                section.whole("threads", 64, PrefetchConfiguration.DEFAULT_THREADS),
                section.whole("batch_size", 64, PrefetchConfiguration.DEFAULT_BATCH_SIZE),
                section.whole("bandwidth_limit", 32, 0),
                section.truth("prefetch_all"),
                section.truth("stream_prefetch"));
        section.finish(Map.of(
                "threads_count", section.pathTo("threads"),
                "merging_size", section.pathTo("batch_size"),
                "bandwidth_rate", section.pathTo("bandwidth_limit")));
        return configuration;
    }

    private static RafsConfiguration rafs(DocumentSection section) throws ConfigurationException {
        RafsConfiguration usual = RafsConfiguration.DEFAULT;
        RafsConfiguration configuration = new RafsConfiguration(
                section.text("mode", usual.mode()),
                section.whole("batch_size", 64, usual.batchSize()),
                section.truth("validate"),
                section.truth("enable_xattr"),
                section.truth("iostats_files"),
                section.truth("access_pattern"),
                section.truth("latest_read_files"),
                prefetch(section));
        section.finish();
        return configuration;
    }
}
