package io.nydus4j.storage.config;

import java.util.List;

/**
 * What all network backends share.
 *
 * @param skipVerify            whether any certificate is accepted
 * @param caCertificateFiles    paths of further root certificates (PEM)
 * @param timeoutSeconds        limit of a whole request, 0 for none
 * @param connectTimeoutSeconds limit of connecting, 0 for none
 * @param retryLimit            kept for the document's sake; retries follow a fixed rule
 * @param proxy                 the proxy to go through
 */
public record NetworkSettings(
        boolean skipVerify,
        List<String> caCertificateFiles,
        long timeoutSeconds,
        long connectTimeoutSeconds,
        int retryLimit,
        ProxySettings proxy) {
    /** The values of a document that says nothing. */
    public static final NetworkSettings DEFAULT = new NetworkSettings(false, List.of(), 5, 5, 0, ProxySettings.DEFAULT);

    /** Copies the list. */
    public NetworkSettings {
        caCertificateFiles = List.copyOf(caCertificateFiles);
    }

    NetworkSettings withoutSecrets() {
        return new NetworkSettings(
                skipVerify,
                caCertificateFiles,
                timeoutSeconds,
                connectTimeoutSeconds,
                retryLimit,
                proxy.withoutSecrets());
    }
}
