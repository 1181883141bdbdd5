package io.nydus4j.cli;

import io.nydus4j.storage.http.FaultyServer;
import io.nydus4j.storage.http.MisbehavingServer;
import io.nydus4j.storage.http.TestCertificates;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A registry that wants tokens, and redirects most readers to a place of its own: HTTPS, another host, addresses that expire. Each
 * address names a new host, so that clients have to look it up; a file tells them of those hosts that the DNS knows.
 */
final class ChaosRegistry implements AutoCloseable {
    private static final String AUTH = Base64.getEncoder().encodeToString("me:secret".getBytes(StandardCharsets.UTF_8));
    private static final String DOMAIN = ".storage.test";
    private static final String OTHER_DOMAIN = ".elsewhere.test";
    /** A client has to have had an answer, and read it, before it takes what looks like a wrong configuration for a fault. */
    private static final long SETTLED_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

    private final Random random;
    private final Path hosts;
    private final Path certificate;
    private final FaultyServer registrySocket;
    private final FaultyServer placeSocket;
    private final MisbehavingServer registry;
    private final MisbehavingServer place;
    private final AtomicInteger met = new AtomicInteger();
    private final AtomicInteger tokens = new AtomicInteger();

    private volatile ChaosFault fault = ChaosFault.LATE;
    private volatile boolean faulty;
    /** Grows when addresses that clients have used expire; the newest host. */
    private final AtomicInteger epoch = new AtomicInteger(1);

    private final AtomicInteger addresses = new AtomicInteger();
    private final Set<String> used = ConcurrentHashMap.newKeySet();
    private volatile boolean redirects = true;
    private volatile int answersToOthers;
    private volatile long settledAt = Long.MAX_VALUE;

    /**
     * Starts a registry that behaves.
     *
     * @param folder takes files
     * @param random says whether to redirect
     */
    ChaosRegistry(Path folder, Random random) throws IOException, GeneralSecurityException {
        this.random = random;
        TestCertificates certificates = TestCertificates.of("*" + DOMAIN, folder);
        certificate = folder.resolve("storage.pem");
        Files.copy(certificates.pem(), certificate);
        hosts = folder.resolve("hosts");
        registrySocket = FaultyServer.start();
        placeSocket = FaultyServer.startTls(certificates.context());
        registry = new MisbehavingServer(registrySocket).gate(this::answerInsteadOfTheRegistry);
        place = new MisbehavingServer(placeSocket).gate(this::answerInsteadOfThePlace);
        tellHosts(true);
    }

    /** Adds a blob, whose good answers take a while. */
    void with(String blobId, byte[] content, Duration delay) {
        registry.with(blobId, content);
        place.with(blobId, content);
        registry.delay(delay);
        place.delay(delay);
    }

    /** Returns the configuration of the backend, as JSON. */
    String backend() {
        return """
            {"type":"registry","registry":{"scheme":"http","host":"%s","repo":"some/image","auth":"%s",\
            "ca_cert_files":["%s"],"timeout":2,"connect_timeout":2,"retry_limit":30}}\
            """.formatted(registry.host(), AUTH, certificate);
    }

    /** Returns the option by which a JVM knows the hosts. */
    String javaOption() {
        return "-Djdk.net.hosts.file=" + hosts;
    }

    /** Has a daemon start: it has never had an answer. */
    void forgetClients() {
        answersToOthers = rightAnswers();
        settledAt = Long.MAX_VALUE;
    }

    /** Begins a fault. */
    void begin(ChaosFault next) throws IOException {
        fault = next;
        faulty = true;
        // Nobody shall be content with the addresses there are, wherever the fault is.
        epoch.incrementAndGet();
        redirects = random.nextInt(4) > 0 || next.ofAnswers() == MisbehavingServer.Fault.NONE;
        tellHosts(next != ChaosFault.UNKNOWN_HOST);
        if (next == ChaosFault.TOKEN_REVOKED || next == ChaosFault.TOKEN_SERVICE_DOWN) {
            tokens.incrementAndGet();
        }
        registry.begin(next.ofAnswers());
        place.begin(next.ofAnswers());
        if (next == ChaosFault.REGISTRY_DOWN) {
            // Connections are cut with the next request, so that no good answer is lost.
            registrySocket.stopListening();
            placeSocket.stopListening();
        }
    }

    /** Ends the fault. */
    void end() throws IOException {
        if (fault == ChaosFault.REGISTRY_DOWN && faulty) {
            registrySocket.listenAgain();
            placeSocket.listenAgain();
        }
        faulty = false;
        tellHosts(true);
        registry.begin(MisbehavingServer.Fault.NONE);
        place.begin(MisbehavingServer.Fault.NONE);
    }

    /** Returns how many requests have met a fault of a server. */
    int met() {
        return met.get() + registry.faultyAnswers() + place.faultyAnswers();
    }

    /** Returns how many right answers there were. */
    int rightAnswers() {
        return registry.rightAnswers() + place.rightAnswers();
    }

    /** Returns how many bytes right answers had since the last call. */
    long takeServedBytes() {
        return registry.takeServedBytes() + place.takeServedBytes();
    }

    private boolean isOn(ChaosFault which) {
        return faulty && fault == which;
    }

    /** Tells whether a client takes a fault for one: before it has had any answer, it would take it for a wrong configuration. */
    private boolean isOnInMidLife(ChaosFault which) {
        if (settledAt == Long.MAX_VALUE && rightAnswers() > answersToOthers) {
            settledAt = System.nanoTime() + SETTLED_NANOS;
        }
        return isOn(which) && settledAt != Long.MAX_VALUE && System.nanoTime() - settledAt > 0;
    }

    private boolean answerInsteadOfTheRegistry(FaultyServer.Request request, FaultyServer.Answer answer)
            throws IOException {
        if (request.path().startsWith("/token")) {
            giveToken(request, answer);
            return true;
        }
        if (!request.header("authorization").equals(Optional.of("Bearer " + token()))) {
            if (isOn(ChaosFault.TOKEN_REVOKED)) {
                met.incrementAndGet();
            }
            String challenge = "Bearer realm=\"" + registry.address() + "/token\",service=\"test\"";
            answer.send(401, Map.of("WWW-Authenticate", challenge), new byte[0]);
            return true;
        }
        if (isOnInMidLife(ChaosFault.REDIRECT_LOOP)) {
            met.incrementAndGet();
            answer.send(307, Map.of("Location", request.path()), new byte[0]);
            return true;
        }
        if (!redirects) {
            return false;
        }
        answer.send(307, Map.of("Location", address(request)), new byte[0]);
        return true;
    }

    private String token() {
        return "token-" + tokens.get();
    }

    private void giveToken(FaultyServer.Request request, FaultyServer.Answer answer) throws IOException {
        if (isOn(ChaosFault.TOKEN_SERVICE_DOWN)) {
            met.incrementAndGet();
            answer.send(503, "out of order");
        } else if (request.header("authorization").equals(Optional.of("Basic " + AUTH))) {
            answer.send(200, "{\"token\":\"" + token() + "\",\"expires_in\":600}");
        } else {
            answer.send(403, "who?");
        }
    }

    private String address(FaultyServer.Request request) {
        int now = epoch.get();
        boolean elsewhere = isOnInMidLife(ChaosFault.WRONG_CERTIFICATE);
        if (elsewhere || isOn(ChaosFault.UNKNOWN_HOST)) {
            met.incrementAndGet();
        }
        int port = URI.create(place.address()).getPort();
        return "https://place" + now + (elsewhere ? OTHER_DOMAIN : DOMAIN) + ":" + port + "/" + request.blobId() + "?"
                + now + "&signature=" + addresses.incrementAndGet();
    }

    private boolean answerInsteadOfThePlace(FaultyServer.Request request, FaultyServer.Answer answer)
            throws IOException {
        String signature = request.path().substring(request.path().indexOf('?') + 1);
        // Nobody loses an address before its first use: real ones last for minutes.
        boolean fresh = used.add(signature);
        if (fresh || (!isOn(ChaosFault.SIGNATURE_EXPIRED) && signature.startsWith(epoch.get() + "&"))) {
            return false;
        }
        if (isOn(ChaosFault.SIGNATURE_EXPIRED)) {
            met.incrementAndGet();
        }
        answer.send(403, "expired");
        return true;
    }

    /** Writes down which hosts there are. */
    private void tellHosts(boolean newest) throws IOException {
        StringBuilder names = new StringBuilder("127.0.0.1 localhost");
        for (int number = Math.max(1, epoch.get() - 2); number <= epoch.get(); number++) {
            if (number < epoch.get() || newest) {
                names.append(" place").append(number).append(DOMAIN);
                names.append(" place").append(number).append(OTHER_DOMAIN);
            }
        }
        Path next = hosts.resolveSibling("hosts.new");
        Files.writeString(next, names.append('\n'));
        Files.move(next, hosts, StandardCopyOption.ATOMIC_MOVE);
    }

    @Override
    public void close() {
        registry.close();
        place.close();
    }
}
