package io.nydus4j.storage.config;

import java.util.Map;
import java.util.Optional;

/**
 * Another server that has the same blobs, asked before the real one. The reference had these up to version 2.2.
 *
 * @param host                 scheme, host and port, such as {@code http://localhost:65001}
 * @param pingUrl              asked whether the mirror lives; empty to go by failed requests alone
 * @param headers              sent with each request to the mirror
 * @param checkIntervalSeconds time between two questions to {@code pingUrl}, and before a mirror that failed gets another chance
 * @param failureLimit         after how many failures in a row the mirror is left alone
 */
public record MirrorSettings(
        String host, String pingUrl, Map<String, String> headers, long checkIntervalSeconds, int failureLimit) {
    /** Usual time between two questions. */
    public static final long USUAL_CHECK_INTERVAL_SECONDS = 5;
    /** Usual number of failures in a row. */
    public static final int USUAL_FAILURE_LIMIT = 5;

    /** Copies the headers. */
    public MirrorSettings {
        headers = Map.copyOf(headers);
    }

    Optional<String> problem() {
        return host.startsWith("http://") || host.startsWith("https://")
                ? Optional.empty()
                : Optional.of("backend: a mirror's host must begin with http:// or https://");
    }

    MirrorSettings withoutSecrets() {
        return new MirrorSettings(
                ProxySettings.withoutUser(host),
                ProxySettings.withoutUser(pingUrl),
                Map.of(),
                checkIntervalSeconds,
                failureLimit);
    }

    /** Shows the settings without the values of headers. */
    @Override
    public String toString() {
        return "MirrorSettings[host=" + ProxySettings.withoutUser(host) + ", headers=" + headers.keySet() + "]";
    }
}
