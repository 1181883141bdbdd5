package io.nydus4j.storage.config;

/**
 * A proxy between a network backend and its server.
 *
 * @param url                        HTTP, HTTPS or SOCKS proxy, empty for none; may hold a user and a password
 * @param pingUrl                    asked whether the proxy lives; empty if it always counts as alive
 * @param fallback                   whether the server is asked directly when the proxy fails
 * @param checkIntervalSeconds       time between two questions to {@code pingUrl}
 * @param useHttp                    whether {@code https} becomes {@code http} in requests through the proxy
 * @param checkPauseElapsedSeconds   after this time without requests the questions pause
 * @param dragonflySchedulerEndpoint endpoint of a Dragonfly scheduler; empty for none
 */
public record ProxySettings(
        String url,
        String pingUrl,
        boolean fallback,
        long checkIntervalSeconds,
        boolean useHttp,
        long checkPauseElapsedSeconds,
        String dragonflySchedulerEndpoint) {
    /** No proxy. */
    public static final ProxySettings DEFAULT = new ProxySettings("", "", true, 5, false, 300, "");

    ProxySettings withoutSecrets() {
        return new ProxySettings(
                withoutUser(url),
                withoutUser(pingUrl),
                fallback,
                checkIntervalSeconds,
                useHttp,
                checkPauseElapsedSeconds,
                withoutUser(dragonflySchedulerEndpoint));
    }

    /** Shows the settings without user and password. */
    @Override
    public String toString() {
        return "ProxySettings[url=" + withoutUser(url) + ", pingUrl=" + withoutUser(pingUrl) + ", fallback=" + fallback
                + ", checkIntervalSeconds=" + checkIntervalSeconds + ", useHttp=" + useHttp
                + ", checkPauseElapsedSeconds=" + checkPauseElapsedSeconds + ", dragonflySchedulerEndpoint="
                + withoutUser(dragonflySchedulerEndpoint) + "]";
    }

    /** Cuts {@code user:password@} out of a URL; a text that is none stays as it is. */
    static String withoutUser(String url) {
        int scheme = url.indexOf("://");
        int start = scheme < 0 ? 0 : scheme + 3;
        int end = start;
        while (end < url.length() && "/?#".indexOf(url.charAt(end)) < 0) {
            end++;
        }
        int at = url.lastIndexOf('@', end - 1);
        return at < start ? url : url.substring(0, start) + url.substring(at + 1);
    }
}
