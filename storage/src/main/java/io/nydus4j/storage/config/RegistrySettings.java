package io.nydus4j.storage.config;

import java.util.Optional;

/**
 * Blobs in a container registry.
 *
 * @param scheme             {@code http} for HTTP, anything else for HTTPS
 * @param host               host and port of the registry
 * @param repository         the repository that holds the blobs
 * @param auth               {@code user:password} in base64
 * @param registryToken      a token to start with
 * @param blobUrlScheme      scheme that redirected requests get; empty to keep theirs
 * @param blobRedirectedHost host that redirected requests get; empty to keep theirs
 * @param network            connection
 */
public record RegistrySettings(
        String scheme,
        String host,
        String repository,
        Optional<Secret> auth,
        Optional<Secret> registryToken,
        String blobUrlScheme,
        String blobRedirectedHost,
        NetworkSettings network)
        implements BackendSettings {
    @Override
    public String kind() {
        return "registry";
    }

    @Override
    public Optional<String> problem() {
        return host.isEmpty() || repository.isEmpty()
                ? Optional.of("backend.registry: host and repo must be set")
                : network.problem();
    }

    RegistrySettings withAuth(Optional<Secret> newAuth) {
        return new RegistrySettings(
                scheme, host, repository, newAuth, registryToken, blobUrlScheme, blobRedirectedHost, network);
    }

    RegistrySettings withoutSecrets() {
        return new RegistrySettings(
                scheme,
                host,
                repository,
                Optional.empty(),
                Optional.empty(),
                blobUrlScheme,
                blobRedirectedHost,
                network.withoutSecrets());
    }
}
