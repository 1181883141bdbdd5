package io.nydus4j.storage.http;

import io.nydus4j.storage.config.NetworkSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.Security;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.apache.hc.client5.http.auth.AuthScope;
import org.apache.hc.client5.http.auth.UsernamePasswordCredentials;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.auth.BasicCredentialsProvider;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.CloseableHttpResponse;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.http.io.entity.StringEntity;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/**
 * Sends requests one way: directly, through a proxy, or over a Unix socket. Keeps connections for the next request. Safe for use by
 * many threads, virtual ones above all, which block.
 *
 * <p>It follows no redirect, repeats nothing, keeps no cookies and unpacks nothing. Unless the JDK's default of
 * {@code networkaddress.cache.negative.ttl} is changed, it sets that to 0, for the whole process.
 */
public final class HttpTransport implements HttpSender {
    private static final int MOST_CONNECTIONS = 256;
    private static final int MOST_CONNECTIONS_TO_A_HOST = 64;
    /** How long a request waits for a connection that others use. */
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    private static final TimeValue CHECKED_AFTER_IDLE = TimeValue.ofSeconds(2);
    private static final TimeValue LONGEST_IDLE = TimeValue.ofSeconds(30);
    private static final String UNKNOWN_NAMES = "networkaddress.cache.negative.ttl";

    static {
        // A name that cannot be looked up for a moment would stay unknown for ten seconds, longer than requests are
        // repeated.
        if ("10".equals(Security.getProperty(UNKNOWN_NAMES))) {
            Security.setProperty(UNKNOWN_NAMES, "0");
        }
    }

    private final CloseableHttpClient client;
    private final Duration patience;
    private volatile boolean closed;

    private HttpTransport(CloseableHttpClient client, Duration patience) {
        this.client = client;
        this.patience = patience;
    }

    /**
     * Makes a transport that connects to servers themselves.
     *
     * @throws IOException if certificates cannot be read
     */
    public static HttpTransport direct(NetworkSettings settings) throws IOException {
        return direct(settings, patience(settings));
    }

    /** Makes the same with another limit for replies as a whole, but for what they need for the bytes that were asked for. */
    static HttpTransport direct(NetworkSettings settings, Duration patience) throws IOException {
        return new HttpTransport(
                builder(settings, Optional.empty(), Optional.empty()).build(), patience);
    }

    /** Returns how long a reply without bytes may take: until there is a connection, it is secured, and each side has said all. */
    private static Duration patience(NetworkSettings settings) {
        if (settings.timeoutSeconds() == 0 || settings.connectTimeoutSeconds() == 0) {
            return Duration.ZERO;
        }
        return LONGEST_WAIT
                .plusMillis(timeout(settings.connectTimeoutSeconds()).toMilliseconds() * 2)
                .plusMillis(timeout(settings.timeoutSeconds()).toMilliseconds() * 2);
    }

    /**
     * Makes a transport through a proxy: requests for HTTPS tunnel through it.
     *
     * @param proxy {@code http}, {@code https}, {@code socks4} or {@code socks5}; may hold user and password, but not for SOCKS
     * @throws IOException if certificates cannot be read, or the proxy's address is none that can be used
     */
    public static HttpTransport through(NetworkSettings settings, URI proxy) throws IOException {
        String scheme = proxy.getScheme() == null ? "" : proxy.getScheme().toLowerCase(Locale.ROOT);
        if (proxy.getHost() == null || !scheme.matches("https?|socks[45]?[ah]?")) {
            throw new IOException("the proxy's address " + HttpCall.shown(proxy) + " is none");
        }
        if (scheme.startsWith("socks")) {
            if (proxy.getUserInfo() != null) {
                throw new IOException(
                        "user and password are not supported for the SOCKS proxy " + HttpCall.shown(proxy));
            }
            int port = proxy.getPort() < 0 ? 1080 : proxy.getPort();
            InetSocketAddress socks = new InetSocketAddress(proxy.getHost(), port);
            return new HttpTransport(
                    builder(settings, Optional.of(socks), Optional.empty()).build(), patience(settings));
        }
        int usual = scheme.equals("https") ? 443 : 80;
        HttpHost host = new HttpHost(scheme, proxy.getHost(), proxy.getPort() < 0 ? usual : proxy.getPort());
        HttpClientBuilder builder =
                builder(settings, Optional.empty(), Optional.empty()).setProxy(host);
        String user = proxy.getUserInfo();
        if (user != null) {
            int colon = user.indexOf(':');
            String name = colon < 0 ? user : user.substring(0, colon);
            String password = colon < 0 ? "" : user.substring(colon + 1);
            BasicCredentialsProvider credentials = new BasicCredentialsProvider();
            credentials.setCredentials(
                    new AuthScope(host), new UsernamePasswordCredentials(name, password.toCharArray()));
            builder.setDefaultCredentialsProvider(credentials);
        }
        return new HttpTransport(builder.build(), patience(settings));
    }

    /**
     * Makes a transport to the server behind a Unix socket, whatever host a request names.
     *
     * @throws IOException if certificates cannot be read
     */
    public static HttpTransport over(NetworkSettings settings, Path socket) throws IOException {
        return new HttpTransport(
                builder(settings, Optional.empty(), Optional.of(socket)).build(), patience(settings));
    }

    private static HttpClientBuilder builder(
            NetworkSettings settings, Optional<InetSocketAddress> socks, Optional<Path> unixSocket) throws IOException {
        Timeout timeout = timeout(settings.timeoutSeconds());
        Timeout connectTimeout = timeout(settings.connectTimeoutSeconds());
        SocketConfig.Builder sockets = SocketConfig.custom().setTcpNoDelay(true).setSoTimeout(timeout);
        socks.ifPresent(sockets::setSocksProxyAddress);
        RequestConfig.Builder requests = RequestConfig.custom()
                .setResponseTimeout(timeout)
                .setConnectionRequestTimeout(Timeout.of(LONGEST_WAIT))
                .setConnectionKeepAlive(LONGEST_IDLE);
        unixSocket.ifPresent(requests::setUnixDomainSocket);
        return HttpClients.custom()
                .setConnectionManager(PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnTotal(MOST_CONNECTIONS)
                        .setMaxConnPerRoute(MOST_CONNECTIONS_TO_A_HOST)
                        .setTlsSocketStrategy(new TlsOnDemand(settings))
                        .setDefaultSocketConfig(sockets.build())
                        .setDefaultConnectionConfig(ConnectionConfig.custom()
                                .setConnectTimeout(connectTimeout)
                                .setSocketTimeout(timeout)
                                .setValidateAfterInactivity(CHECKED_AFTER_IDLE)
                                .build())
                        .setDefaultTlsConfig(TlsConfig.custom()
                                .setHandshakeTimeout(connectTimeout)
                                .build())
                        .build())
                .setDefaultRequestConfig(requests.build())
                .disableAutomaticRetries()
                .disableRedirectHandling()
                .disableCookieManagement()
                .disableContentCompression()
                .disableDefaultUserAgent();
    }

    private static Timeout timeout(long seconds) {
        return seconds == 0 ? Timeout.DISABLED : Timeout.ofSeconds(Math.min(seconds, Integer.MAX_VALUE / 1000));
    }

    @Override
    public <T> T send(HttpCall call, ReplyReader<T> reader) throws IOException {
        HttpUriRequestBase request = request(call);
        try (Deadline deadline = Deadline.after(patience, request::cancel)) {
            try {
                return send(request, deadline, reader);
            } catch (HttpStatusException e) {
                throw e;
            } catch (IOException e) {
                if (deadline.hasPassed()) {
                    throw (IOException) new SocketTimeoutException("the reply comes too slowly").initCause(e);
                }
                throw e;
            }
        } catch (IllegalStateException e) {
            if (closed) {
                throw new IOException("network connection disconnected", e);
            }
            throw e;
        }
    }

    private static HttpUriRequestBase request(HttpCall call) throws IOException {
        HttpUriRequestBase request;
        try {
            request = new HttpUriRequestBase(call.method(), call.uri());
        } catch (IllegalArgumentException e) { // such as for a port that there cannot be
            throw new IOException("the address " + HttpCall.shown(call.uri()) + " cannot be used", e);
        }
        call.headers().forEach(request::setHeader);
        call.form()
                .ifPresent(form -> request.setEntity(new StringEntity(
                        form, ContentType.APPLICATION_FORM_URLENCODED.withCharset(StandardCharsets.US_ASCII))));
        return request;
    }

    private <T> T send(HttpUriRequestBase request, Deadline deadline, ReplyReader<T> reader) throws IOException {
        CloseableHttpResponse response = (CloseableHttpResponse) client.executeOpen(null, request, null);
        try {
            HttpReply reply = new HttpReply(response, deadline);
            T result = reader.read(reply);
            reply.drain();
            return result;
        } finally {
            // A plain close would read what is left of the body first, be it without end. Where nothing is left, the
            // connection is free for the next request by now.
            response.close(CloseMode.IMMEDIATE);
        }
    }

    @Override
    public void close() {
        closed = true;
        client.close(CloseMode.IMMEDIATE);
    }
}
