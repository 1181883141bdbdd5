package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * The backend section: a kind, and the settings of that kind. Settings of other kinds may be there and are ignored.
 *
 * @param type      the kind that counts
 * @param localDisk settings for the partitions of a disk
 * @param localFs   settings for files
 * @param oss       settings of {@code oss}
 * @param s3        settings of {@code s3}
 * @param registry  settings of {@code registry}
 * @param httpProxy settings of {@code http-proxy}
 */
public record BackendConfiguration(
        String type,
        Optional<LocalDiskSettings> localDisk,
        Optional<LocalFsSettings> localFs,
        Optional<OssSettings> oss,
        Optional<S3Settings> s3,
        Optional<RegistrySettings> registry,
        Optional<HttpProxySettings> httpProxy) {

    /** Returns a section with just these settings. */
    public static BackendConfiguration of(BackendSettings settings) {
        return new BackendConfiguration(
                settings.kind(),
                only(settings, LocalDiskSettings.class),
                only(settings, LocalFsSettings.class),
                only(settings, OssSettings.class),
                only(settings, S3Settings.class),
                only(settings, RegistrySettings.class),
                only(settings, HttpProxySettings.class));
    }

    private static <T extends BackendSettings> Optional<T> only(BackendSettings settings, Class<T> kind) {
        return kind.isInstance(settings) ? Optional.of(kind.cast(settings)) : Optional.empty();
    }

    /** Returns the settings that count; empty if the kind is unknown or its settings are missing. */
    public Optional<BackendSettings> settings() {
        return switch (type) {
            case "localdisk" -> localDisk.map(BackendSettings.class::cast);
            case "localfs" -> localFs.map(BackendSettings.class::cast);
            case "oss" -> oss.map(BackendSettings.class::cast);
            case "s3" -> s3.map(BackendSettings.class::cast);
            case "registry" -> registry.map(BackendSettings.class::cast);
            case "http-proxy" -> httpProxy.map(BackendSettings.class::cast);
            default -> Optional.empty();
        };
    }

    Optional<String> problem() {
        Optional<BackendSettings> counting = settings();
        return counting.isPresent()
                ? counting.get().problem()
                : Optional.of("backend: there is no backend '" + type + "', or it has no section of that name");
    }

    BackendConfiguration withRegistryAuth(Optional<Secret> auth) {
        return new BackendConfiguration(
                type, localDisk, localFs, oss, s3, registry.map(settings -> settings.withAuth(auth)), httpProxy);
    }

    BackendConfiguration withoutSecrets() {
        return new BackendConfiguration(
                type,
                localDisk,
                localFs,
                oss.map(OssSettings::withoutSecrets),
                s3.map(S3Settings::withoutSecrets),
                registry.map(RegistrySettings::withoutSecrets),
                httpProxy.map(HttpProxySettings::withoutSecrets));
    }
}
