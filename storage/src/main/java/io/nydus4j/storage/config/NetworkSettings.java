package io.nydus4j.storage.config;

import java.util.List;
import java.util.Optional;

/**
 * What all network backends share.
 *
 * @param skipVerify            whether any certificate is accepted
 * @param caCertificateFiles    paths of further root certificates (PEM)
 * @param timeoutSeconds        limit of a whole request, 0 for none
 * @param connectTimeoutSeconds limit of connecting, 0 for none
 * @param retryLimit            how often a request that failed is repeated, where that is more than the usual rule says
 * @param proxy                 the proxy to go through
 * @param mirrors               servers to ask first, in this order
 * @param bandwidthLimit        most bytes a second, 0 for no limit
 */
public record NetworkSettings(
        boolean skipVerify,
        List<String> caCertificateFiles,
        long timeoutSeconds,
        long connectTimeoutSeconds,
        int retryLimit,
        ProxySettings proxy,
        List<MirrorSettings> mirrors,
        long bandwidthLimit) {
    /** The values of a document that says nothing. */
    public static final NetworkSettings DEFAULT =
            new NetworkSettings(false, List.of(), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);

    /** Copies the lists. */
    public NetworkSettings {
        caCertificateFiles = List.copyOf(caCertificateFiles);
        mirrors = List.copyOf(mirrors);
    }

    Optional<String> problem() {
        return mirrors.stream().flatMap(mirror -> mirror.problem().stream()).findFirst();
    }

    NetworkSettings withoutSecrets() {
        return new NetworkSettings(
                skipVerify,
                caCertificateFiles,
                timeoutSeconds,
                connectTimeoutSeconds,
                retryLimit,
                proxy.withoutSecrets(),
                mirrors.stream().map(MirrorSettings::withoutSecrets).toList(),
                bandwidthLimit);
    }
}
