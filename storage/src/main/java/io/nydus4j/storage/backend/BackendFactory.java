package io.nydus4j.storage.backend;

import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.BucketSettings;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.LocalDiskSettings;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.OssSettings;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.S3Settings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.BlobEndpoint;
import io.nydus4j.storage.http.NetworkBackend;
import io.nydus4j.storage.http.Retries;
import io.nydus4j.storage.registry.RegistryEndpoint;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/** Makes backends from their settings. */
public final class BackendFactory {
    private BackendFactory() {}

    /**
     * Makes a backend. Asks nothing of a network.
     *
     * @param settings where blobs are
     * @param counters counts what is read
     * @return to be closed by the caller
     * @throws BackendException if there is no such backend here, or its place cannot be used
     */
    public static BlobBackend open(BackendSettings settings, BackendCounters counters) throws BackendException {
        return open(settings, counters, Optional::empty);
    }

    /**
     * Makes a backend whose credentials may change. Asks nothing of a network.
     *
     * @param registryAuth what counts instead of the credentials for a registry in the settings; asked whenever the registry wants to know
     * @see #open(BackendSettings, BackendCounters)
     */
    public static BlobBackend open(
            BackendSettings settings, BackendCounters counters, Supplier<Optional<Secret>> registryAuth)
            throws BackendException {
        Map<String, String> environment = System.getenv();
        try {
            return switch (settings) {
                case LocalFsSettings local -> new LocalFsBackend(local, counters);
                case HttpProxySettings proxy ->
                    network(
                            "http-proxy " + proxy.shownAddress(),
                            HttpProxyEndpoint.open(proxy, environment),
                            proxy.network(),
                            counters);
                case RegistrySettings registry ->
                    network(
                            "registry " + registry.host() + "/" + registry.repository(),
                            RegistryEndpoint.open(registry, registryAuth, environment),
                            registry.network(),
                            counters);
                case S3Settings s3 -> bucket(s3.kind(), s3.bucket(), ObjectEndpoint.s3(s3, environment), counters);
                case OssSettings oss ->
                    bucket(oss.kind(), oss.bucket(), ObjectEndpoint.oss(oss, environment), counters);
                case LocalDiskSettings disk -> LocalDiskBackend.open(disk, counters);
            };
        } catch (BackendException e) {
            throw e;
        } catch (IOException e) {
            throw (BackendException)
                    new BackendException(settings.kind(), "open", String.valueOf(e.getMessage()), false).initCause(e);
        }
    }

    private static BlobBackend bucket(
            String kind, BucketSettings bucket, BlobEndpoint endpoint, BackendCounters counters) {
        return network(kind + " " + bucket.name(), endpoint, bucket.network(), counters);
    }

    private static BlobBackend network(
            String description, BlobEndpoint endpoint, NetworkSettings settings, BackendCounters counters) {
        Retries retries = new Retries(description, settings.retryLimit());
        return new NetworkBackend(endpoint, retries, counters, settings);
    }
}
