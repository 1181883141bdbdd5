package io.nydus4j.storage.http;

import io.nydus4j.storage.config.MirrorSettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.ProxySettings;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Sends a backend's requests: to its mirrors, through its proxy, or to the server itself, by what is configured and healthy. Safe for
 * use by many threads.
 */
public final class NetworkClient implements HttpSender {
    /** Start of the names of environment variables that hold headers for every request. */
    public static final String HEADER_VARIABLE = "NYDUS_HEADER_";

    private static final Logger LOGGER = System.getLogger(NetworkClient.class.getName());
    private static final String USER_AGENT = "nydusd/1.0.0";
    private static final long WARNING_INTERVAL = TimeUnit.SECONDS.toNanos(2);
    private static final String DRAGONFLY = "X-Dragonfly-";

    private final Map<String, String> environmentHeaders;
    private final String origin;
    private final HttpTransport direct;
    private final List<Route> mirrors = new ArrayList<>();
    private final Optional<Route> proxy;
    private final boolean fallback;
    private final AtomicLong lastWarning = new AtomicLong(System.nanoTime() - WARNING_INTERVAL);

    /** One way to the server. */
    private record Route(String name, HttpTransport transport, UnaryOperator<HttpCall> change, RouteHealth health) {}

    /**
     * Makes a client; connects to nothing yet, but pings.
     *
     * @param origin      host and port whose requests mirrors may answer
     * @param environment variables by name, such as {@link System#getenv()}
     * @throws IOException if certificates cannot be read, or something configured is not supported
     */
    public NetworkClient(NetworkSettings settings, String origin, Map<String, String> environment) throws IOException {
        this.origin = origin;
        this.environmentHeaders = headersOf(environment);
        this.direct = HttpTransport.direct(settings);
        this.fallback = settings.proxy().fallback();
        for (MirrorSettings mirror : settings.mirrors()) {
            mirrors.add(mirrorRoute(mirror));
        }
        this.proxy = settings.proxy().url().isEmpty() ? Optional.empty() : Optional.of(proxyRoute(settings));
        if (!settings.proxy().dragonflySchedulerEndpoint().isEmpty()) {
            close();
            throw new IOException(
                    "proxy.dragonfly_scheduler_endpoint is not supported; set proxy.url to a Dragonfly proxy");
        }
    }

    private static Map<String, String> headersOf(Map<String, String> environment) {
        HttpCall call = HttpCall.of("GET", URI.create("http://none/")).with("User-Agent", USER_AGENT);
        for (Map.Entry<String, String> variable : environment.entrySet()) {
            String name = variable.getKey();
            if (!name.startsWith(HEADER_VARIABLE)) {
                continue;
            }
            String header = name.substring(HEADER_VARIABLE.length());
            boolean valid = header.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+")
                    && variable.getValue().matches("[\\t\\x20-\\x7E]*");
            if (valid) {
                call = call.with(header, variable.getValue());
            } else {
                LOGGER.log(Level.WARNING, "the environment variable " + name + " is no valid header and is ignored");
            }
        }
        return call.headers();
    }

    private Route mirrorRoute(MirrorSettings mirror) throws IOException {
        URI host = URI.create(mirror.host());
        Optional<RouteHealth.Ping> ping = mirror.pingUrl().isEmpty()
                ? Optional.empty()
                : Optional.of(new RouteHealth.Ping(direct, URI.create(mirror.pingUrl())));
        RouteHealth health = new RouteHealth(
                "mirror " + HttpCall.shown(host),
                mirror.failureLimit(),
                Duration.ofSeconds(mirror.checkIntervalSeconds()),
                Duration.ofSeconds(ProxySettings.DEFAULT.checkPauseElapsedSeconds()),
                ping);
        return new Route(
                "mirror " + HttpCall.shown(host),
                direct,
                call -> call.to(Addresses.withAuthority(call.uri(), host)).with(mirror.headers()),
                health);
    }

    private Route proxyRoute(NetworkSettings settings) throws IOException {
        ProxySettings proxySettings = settings.proxy();
        URI address = URI.create(proxySettings.url());
        String name = "proxy " + HttpCall.shown(address);
        HttpTransport transport = HttpTransport.through(settings, address);
        Optional<RouteHealth.Ping> ping = proxySettings.pingUrl().isEmpty()
                ? Optional.empty()
                : Optional.of(new RouteHealth.Ping(direct, URI.create(proxySettings.pingUrl())));
        RouteHealth health = new RouteHealth(
                name,
                0,
                Duration.ofSeconds(Math.min(proxySettings.checkIntervalSeconds(), Integer.MAX_VALUE)),
                Duration.ofSeconds(Math.min(proxySettings.checkPauseElapsedSeconds(), Integer.MAX_VALUE)),
                ping);
        boolean useHttp = proxySettings.useHttp();
        return new Route(
                name,
                transport,
                call -> dragonfly(useHttp ? call.to(Addresses.withScheme(call.uri(), "http")) : call),
                health);
    }

    /** Adds what a Dragonfly proxy looks for; others do not mind. */
    private static HttpCall dragonfly(HttpCall call) {
        return call.with(DRAGONFLY + "Prefetch", "true")
                .with(DRAGONFLY + "Priority", "6")
                .with(DRAGONFLY + "Use-P2P", "true");
    }

    /**
     * Sends a request to the first mirror that is healthy, else through the proxy, else directly. A way that fails, or answers with
     * 500 or above, is followed by the next. Blocks.
     *
     * @throws IOException if the last way fails
     */
    @Override
    public <T> T send(HttpCall call, ReplyReader<T> reader) throws IOException {
        HttpCall sent = call.with(environmentHeaders);
        IOException before = null;
        for (Route route : routes(call)) {
            boolean last = proxy.isPresent() && !fallback && route.equals(proxy.get());
            try {
                T result = route.transport().send(route.change().apply(sent), reply -> {
                    if (!last && reply.status() >= 500) {
                        throw reply.failure();
                    }
                    return reader.read(reply);
                });
                route.health().succeeded();
                return result;
            } catch (IOException e) {
                route.health().failed();
                if (last || Thread.currentThread().isInterrupted()) {
                    throw withEarlier(e, before);
                }
                warn(route.name() + " failed for " + call + ", going on without it: " + e.getMessage());
                before = withEarlier(e, before);
            }
        }
        if (proxy.isPresent() && !fallback) {
            throw withEarlier(new IOException("proxy is not healthy and fallback is disabled"), before);
        }
        try {
            return direct.send(sent, reader);
        } catch (IOException e) {
            throw withEarlier(e, before);
        }
    }

    /** Sends a request directly, whatever is configured: for tokens. Blocks. */
    public <T> T sendDirectly(HttpCall call, ReplyReader<T> reader) throws IOException {
        return direct.send(call.with(environmentHeaders), reader);
    }

    private List<Route> routes(HttpCall call) {
        List<Route> routes = new ArrayList<>();
        boolean mirrored = origin.equals(call.uri().getRawAuthority());
        for (Route mirror : mirrors) {
            if (mirrored && mirror.health().healthy()) {
                routes.add(mirror);
            }
        }
        if (proxy.isPresent()) {
            if (proxy.get().health().healthy()) {
                routes.add(proxy.get());
            } else if (fallback) {
                warn(proxy.get().name() + " is unhealthy, going on without it");
            }
        }
        return routes;
    }

    private static IOException withEarlier(IOException failure, @Nullable IOException before) {
        if (before != null && before != failure) {
            failure.addSuppressed(before);
        }
        return failure;
    }

    private void warn(String message) {
        long now = System.nanoTime();
        long last = lastWarning.get();
        if (now - last >= WARNING_INTERVAL && lastWarning.compareAndSet(last, now)) {
            LOGGER.log(Level.WARNING, message);
        }
    }

    /** Ends pings and closes all connections, those in use too. */
    @Override
    public void close() {
        for (Route mirror : mirrors) {
            mirror.health().close();
        }
        proxy.ifPresent(route -> {
            route.health().close();
            route.transport().close();
        });
        direct.close();
    }
}
