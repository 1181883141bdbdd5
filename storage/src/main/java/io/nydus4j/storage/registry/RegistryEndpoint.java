package io.nydus4j.storage.registry;

import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.Addresses;
import io.nydus4j.storage.http.BlobEndpoint;
import io.nydus4j.storage.http.ByteRange;
import io.nydus4j.storage.http.HttpCall;
import io.nydus4j.storage.http.HttpReply;
import io.nydus4j.storage.http.NetworkClient;
import io.nydus4j.storage.http.ReplyReader;
import io.nydus4j.storage.http.WrongReplyException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.net.ssl.SSLException;

/**
 * Blobs of one repository of a registry. Safe for use by several threads.
 *
 * <p>Where the registry sends readers elsewhere, that place is kept for the blob and asked directly, until it fails.
 */
public final class RegistryEndpoint implements BlobEndpoint {
    private static final Logger LOGGER = System.getLogger(RegistryEndpoint.class.getName());
    private static final int MOST_REDIRECTS = 5;
    /** Answers of a place that no longer takes the address it gave out. */
    private static final Set<Integer> EXPIRED = Set.of(400, 401, 403, 404, 410);

    private final RegistrySettings settings;
    private final RegistryClient client;
    private final Map<String, URI> redirects = new ConcurrentHashMap<>();
    private volatile String scheme;
    /** Whether the registry answered by HTTPS: then it is never asked in plain text. */
    private volatile boolean secure;

    /** What came of one request: a result, or another address. */
    private sealed interface Outcome<T> {
        /** The reader's result. */
        record Done<T>(T result) implements Outcome<T> {}

        /** Where to ask instead. */
        record Redirected<T>(URI location) implements Outcome<T> {}

        /** A kept address does not work any more. */
        record Expired<T>() implements Outcome<T> {}
    }

    private RegistryEndpoint(RegistrySettings settings, RegistryClient client) {
        this.settings = settings;
        this.client = client;
        this.scheme = settings.scheme().equals("http") ? "http" : "https";
    }

    /**
     * Makes an endpoint; sends nothing yet.
     *
     * <p>Credentials are the newest that somebody gave, else those of the settings, else what {@code docker login} left.
     *
     * @param newest      what somebody gave meanwhile, as settings have it; asked whenever the registry wants to know
     * @param environment variables by name, such as {@link System#getenv()}
     * @throws IOException if the settings cannot be followed
     */
    public static RegistryEndpoint open(
            RegistrySettings settings, Supplier<Optional<Secret>> newest, Map<String, String> environment)
            throws IOException {
        CredentialSource credentials = sourceOf(settings, newest, environment);
        NetworkClient network = new NetworkClient(settings.network(), settings.host(), environment);
        return new RegistryEndpoint(
                settings,
                new RegistryClient(
                        network,
                        credentials,
                        settings.registryToken().filter(token -> !token.value().isBlank())));
    }

    private static CredentialSource sourceOf(
            RegistrySettings settings, Supplier<Optional<Secret>> newest, Map<String, String> environment)
            throws IOException {
        CredentialSource configured = DockerCredentials.ofUser(environment).of(settings.host());
        if (settings.auth().isPresent()) {
            Optional<RegistryCredentials> who = decode(settings.auth().get());
            configured = () -> who;
        }
        CredentialSource usual = configured;
        return () -> {
            Optional<Secret> given = newest.get();
            return given.isPresent() ? decode(given.get()) : usual.find();
        };
    }

    /** Reads credentials; an empty text means nobody in particular. */
    private static Optional<RegistryCredentials> decode(Secret auth) throws IOException {
        return auth.value().isBlank() ? Optional.empty() : Optional.of(RegistryCredentials.decode(auth));
    }

    @Override
    public <T> T send(String method, String blobId, Optional<ByteRange> range, ReplyReader<T> reader)
            throws IOException {
        URI kept = redirects.get(blobId);
        if (kept != null) {
            HttpCall call = call(method, kept, range);
            Outcome<T> outcome;
            try {
                outcome = client.sendAnonymously(
                        call,
                        reply ->
                                EXPIRED.contains(reply.status()) ? new Outcome.Expired<>() : read(reply, kept, reader));
            } catch (IOException e) {
                // The registry may know a better place by now.
                redirects.remove(blobId, kept);
                throw e;
            }
            switch (outcome) {
                case Outcome.Done<T> done -> {
                    return done.result();
                }
                case Outcome.Redirected<T> _, Outcome.Expired<T> _ -> redirects.remove(blobId, kept);
            }
        }
        URI address = address(blobId);
        Outcome<T> outcome;
        try {
            outcome = client.send(call(method, address, range), reply -> {
                secure = "https".equals(address.getScheme());
                return read(reply, address, reader);
            });
        } catch (SSLException | ConnectException e) {
            if (secure || !scheme.equals("https") || !settings.network().skipVerify()) {
                throw e;
            }
            // Only an answer proves that this is not just a registry that is down.
            URI plain = Addresses.withScheme(address, "http");
            outcome = client.send(call(method, plain, range), reply -> read(reply, plain, reader));
            LOGGER.log(Level.WARNING, "registry " + settings.host() + " does not speak HTTPS, going on with HTTP");
            scheme = "http";
        }
        return follow(outcome, method, blobId, range, reader);
    }

    private <T> T follow(
            Outcome<T> first, String method, String blobId, Optional<ByteRange> range, ReplyReader<T> reader)
            throws IOException {
        Outcome<T> outcome = first;
        URI own = address(blobId);
        URI last = own;
        Set<URI> seen = new HashSet<>(Set.of(last));
        for (int hops = 0; hops <= MOST_REDIRECTS; hops++) {
            switch (outcome) {
                case Outcome.Done<T> done -> {
                    if (hops > 0 && method.equals("GET") && !isOwn(last, own)) {
                        redirects.put(blobId, last);
                    }
                    return done.result();
                }
                case Outcome.Redirected<T>(URI location) -> {
                    URI next = changed(location);
                    if (!seen.add(next)) {
                        throw new WrongReplyException(
                                "the redirects go round in circles, back to " + HttpCall.shown(next), false);
                    }
                    HttpCall call = call(method, next, range);
                    last = next;
                    ReplyReader<Outcome<T>> nextReader = reply -> read(reply, next, reader);
                    outcome =
                            isOwn(next, own) ? client.send(call, nextReader) : client.sendAnonymously(call, nextReader);
                }
                case Outcome.Expired<T> _ -> throw new IllegalStateException("only kept addresses expire");
            }
        }
        throw new WrongReplyException(
                "more than " + MOST_REDIRECTS + " redirects, the last to " + HttpCall.shown(last), false);
    }

    /** Tells whether an address is the registry's own, which may know who asks. */
    private static boolean isOwn(URI address, URI own) {
        return own.getScheme().equals(address.getScheme())
                && own.getRawAuthority().equals(address.getRawAuthority());
    }

    private URI changed(URI location) {
        URI changed = location;
        if (!settings.blobUrlScheme().isEmpty()) {
            changed = Addresses.withScheme(changed, settings.blobUrlScheme());
        }
        if (!settings.blobRedirectedHost().isEmpty()) {
            changed = Addresses.withHost(changed, settings.blobRedirectedHost());
        }
        return changed;
    }

    private static <T> Outcome<T> read(HttpReply reply, URI from, ReplyReader<T> reader) throws IOException {
        int status = reply.status();
        if (status < 300 || status >= 400) {
            return new Outcome.Done<>(reader.read(reply));
        }
        String location = reply.header("Location")
                .orElseThrow(() -> new WrongReplyException("a redirect that does not say where to"));
        try {
            URI target = from.resolve(new URI(location));
            if (target.getHost() == null
                    || target.getScheme() == null
                    || !target.getScheme().matches("https?")) {
                throw new WrongReplyException("a redirect to something that is not HTTP", false);
            }
            return new Outcome.Redirected<>(target);
        } catch (URISyntaxException e) {
            throw new WrongReplyException("a redirect to something that is no address", false);
        }
    }

    private static HttpCall call(String method, URI address, Optional<ByteRange> range) {
        HttpCall call = HttpCall.of(method, address);
        return range.map(call::with).orElse(call);
    }

    private URI address(String blobId) throws IOException {
        try {
            return new URI(
                    scheme + "://" + settings.host() + "/v2/" + settings.repository() + "/blobs/sha256:" + blobId);
        } catch (URISyntaxException e) {
            throw new IOException("host, repository and blob id make no address: " + e.getReason(), e);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
