package io.nydus4j.storage.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the settings of every kind of backend. */
final class BackendReader {
    private static final String DEFAULT_SCHEME = "https";

    /** Reads one section of settings. */
    @FunctionalInterface
    private interface SettingsReader<T> {
        T read(DocumentSection section) throws ConfigurationException;
    }

    /** Reads a backend section of version 2: a type, and a section for each kind. */
    BackendConfiguration sections(DocumentSection section) throws ConfigurationException {
        return new BackendConfiguration(
                section.requiredText("type"),
                settings(section, "localdisk", BackendReader::localDisk),
                settings(section, "localfs", BackendReader::localFs),
                settings(section, "oss", BackendReader::oss),
                settings(section, "s3", BackendReader::s3),
                settings(section, "registry", BackendReader::registry),
                settings(section, "http-proxy", BackendReader::httpProxy));
    }

    /**
     * Reads the settings of a kind that version 1 knows.
     *
     * @throws ConfigurationException if it does not know the kind
     */
    BackendSettings legacy(String type, DocumentSection section) throws ConfigurationException {
        return switch (type) {
            case "localdisk" -> localDisk(section);
            case "localfs" -> localFs(section);
            case "oss" -> oss(section);
            case "s3" -> s3(section);
            case "registry" -> registry(section);
            default ->
                throw ConfigurationException.unreadable("device.backend: unsupported backend type '" + type + "'");
        };
    }

    private static <T> Optional<T> settings(DocumentSection parent, String name, SettingsReader<T> reader)
            throws ConfigurationException {
        Optional<DocumentSection> section = parent.section(name);
        if (section.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(reader.read(section.get()));
    }

    private static LocalDiskSettings localDisk(DocumentSection section) throws ConfigurationException {
        LocalDiskSettings settings =
                new LocalDiskSettings(section.text("device_path", ""), section.truth("disable_gpt"));
        section.finish();
        return settings;
    }

    private static LocalFsSettings localFs(DocumentSection section) throws ConfigurationException {
        LocalFsSettings settings =
                new LocalFsSettings(section.text("blob_file", ""), section.text("dir", ""), section.texts("alt_dirs"));
        section.finish();
        return settings;
    }

    private static OssSettings oss(DocumentSection section) throws ConfigurationException {
        OssSettings settings = new OssSettings(bucket(section));
        section.finish();
        return settings;
    }

    private static S3Settings s3(DocumentSection section) throws ConfigurationException {
        S3Settings settings = new S3Settings(section.requiredText("region"), bucket(section));
        section.finish();
        return settings;
    }

    private static BucketSettings bucket(DocumentSection section) throws ConfigurationException {
        return new BucketSettings(
                section.text("scheme", DEFAULT_SCHEME),
                section.requiredText("endpoint"),
                section.requiredText("bucket_name"),
                section.text("object_prefix", ""),
                new Secret(section.text("access_key_id", "")),
                new Secret(section.text("access_key_secret", "")),
                network(section));
    }

    private static RegistrySettings registry(DocumentSection section) throws ConfigurationException {
        RegistrySettings settings = new RegistrySettings(
                section.text("scheme", DEFAULT_SCHEME),
                section.requiredText("host"),
                section.requiredText("repo"),
                section.secret("auth"),
                section.secret("registry_token"),
                section.text("blob_url_scheme", ""),
                section.text("blob_redirected_host", ""),
                network(section));
        section.finish();
        return settings;
    }

    private static HttpProxySettings httpProxy(DocumentSection section) throws ConfigurationException {
        HttpProxySettings settings =
                new HttpProxySettings(section.requiredText("addr"), section.text("path", ""), network(section));
        section.finish();
        return settings;
    }

    private static NetworkSettings network(DocumentSection section) throws ConfigurationException {
        NetworkSettings usual = NetworkSettings.DEFAULT;
        Optional<DocumentSection> proxy = section.presentSection("proxy");
        List<MirrorSettings> mirrors = new ArrayList<>();
        for (DocumentSection mirror : section.sections("mirrors")) {
            mirrors.add(mirror(mirror));
        }
        return new NetworkSettings(
                section.truth("skip_verify"),
                section.texts("ca_cert_files"),
                section.whole("timeout", 32, usual.timeoutSeconds()),
                section.whole("connect_timeout", 32, usual.connectTimeoutSeconds()),
                (int) section.whole("retry_limit", 8, usual.retryLimit()),
                proxy.isPresent() ? proxy(proxy.get()) : ProxySettings.DEFAULT,
                mirrors,
                section.whole("bandwidth_limit", 32, usual.bandwidthLimit()));
    }

    private static MirrorSettings mirror(DocumentSection section) throws ConfigurationException {
        MirrorSettings settings = new MirrorSettings(
                section.requiredText("host"),
                section.text("ping_url", ""),
                section.optionalTextsByName("headers"),
                section.whole("health_check_interval", 32, MirrorSettings.USUAL_CHECK_INTERVAL_SECONDS),
                (int) section.whole("failure_limit", 8, MirrorSettings.USUAL_FAILURE_LIMIT));
        section.finish();
        return settings;
    }

    private static ProxySettings proxy(DocumentSection section) throws ConfigurationException {
        ProxySettings usual = ProxySettings.DEFAULT;
        ProxySettings settings = new ProxySettings(
                section.text("url", ""),
                section.text("ping_url", ""),
                section.truth("fallback", usual.fallback()),
                section.whole("check_interval", 64, usual.checkIntervalSeconds()),
                section.truth("use_http"),
                section.whole("check_pause_elapsed", 64, usual.checkPauseElapsedSeconds()),
                section.text("dragonfly_scheduler_endpoint", ""));
        section.finish();
        return settings;
    }
}
