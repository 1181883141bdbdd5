package io.nydus4j.storage.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.ProxySettings;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.http.FaultyServer;
import io.nydus4j.storage.http.HttpCall;
import io.nydus4j.storage.http.HttpReply;
import io.nydus4j.storage.http.HttpStatusException;
import io.nydus4j.storage.http.NetworkClient;
import io.nydus4j.storage.http.Retries;
import io.nydus4j.storage.http.TestCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How a registry's blobs are read: tokens, passwords, redirects. */
@Timeout(30)
final class RegistryEndpointTest {
    private static final byte[] CONTENT = new byte[100_000];
    private static final String AUTH = base64("me:secret");

    static {
        new Random(9).nextBytes(CONTENT);
    }

    @TempDir
    Path folder;

    private FaultyServer registry;
    private FaultyServer store;
    private final AtomicInteger issued = new AtomicInteger();
    private volatile int life = 600;
    private volatile String valid = "none";

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    @BeforeEach
    void start() throws IOException {
        registry = FaultyServer.start().with("id", CONTENT);
        store = FaultyServer.start().with("id", CONTENT);
    }

    @AfterEach
    void stop() {
        registry.close();
        store.close();
    }

    private RegistrySettings settings(String auth) {
        return new RegistrySettings(
                "http",
                registry.host(),
                "some/repo",
                Optional.of(new Secret(auth)),
                Optional.empty(),
                "",
                "",
                NetworkSettings.DEFAULT);
    }

    private static BlobBackend open(RegistrySettings settings) throws BackendException {
        return BackendFactory.open(settings, new BackendCounters("registry"));
    }

    private static void assertReads(BlobBackend backend, int position) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        backend.open("id").readFully(position, buffer);
        assertThat(buffer.flip())
                .isEqualTo(ByteBuffer.wrap(CONTENT, position, 1000).slice());
    }

    private static List<String> paths(FaultyServer server) {
        return server.requests().stream()
                .map(request -> request.method() + " " + request.path().replaceAll("\\?.*", ""))
                .toList();
    }

    /** Answers as a registry with a token service at {@code /token} does. */
    private void wantTokens(FaultyServer.Handler blobs) {
        registry.answer((request, answer) -> {
            if (request.path().startsWith("/token")) {
                valid = "token-" + issued.incrementAndGet();
                answer.send(200, "{\"access_token\": \"" + valid + "\", \"expires_in\": " + life + "}");
            } else if (request.header("authorization").equals(Optional.of("Bearer " + valid))) {
                blobs.answer(request, answer);
            } else {
                answer.send(
                        401,
                        Map.of(
                                "WWW-Authenticate",
                                "Bearer realm=\"" + registry.address()
                                        + "/token?a=b\",service=\"reg,istry\",scope=\"repository:some/repo:pull\""),
                        "who?".getBytes(StandardCharsets.UTF_8));
            }
        });
    }

    @Test
    void blobOfAnOpenRegistryIsReadAtItsAddress() throws IOException {
        try (BlobBackend backend = open(settings(""))) {
            assertReads(backend, 5);
            assertThat(backend.open("id").size()).isEqualTo(CONTENT.length);
        }
        assertThat(paths(registry)).containsExactly("GET /v2/some/repo/blobs/sha256:id");
    }

    @Test
    void tokenIsFetchedOnceHoweverManyRead() throws Exception {
        wantTokens(registry::serveBlob);
        try (BlobBackend backend = open(settings(AUTH))) {
            PositionalSource blob = backend.open("id");
            List<Thread> readers = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                int position = i * 100;
                readers.add(Thread.ofVirtual().start(() -> {
                    try {
                        blob.readFully(position, ByteBuffer.allocate(100));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                }));
            }
            for (Thread reader : readers) {
                reader.join();
            }
        }
        assertThat(issued).hasValue(1);
        // One refused, one for the token, fifty with it.
        assertThat(registry.requests()).hasSize(52);
        FaultyServer.Request request = registry.requests().get(1);
        assertThat(request.path()).startsWith("/token?a=b&service=reg%2Cistry&scope=repository%3Asome%2Frepo%3Apull&");
        assertThat(request.header("authorization")).contains("Basic " + AUTH);
    }

    /** Who asks may be known to a program only, which then runs each time. */
    @ParameterizedTest
    @CsvSource({"'Negotiate, Digest, NTLM', 0", "'Basic realm=a, Basic realm=b, Basic realm=c', 1"})
    void whoAsksIsFoundOutOnceHoweverManyChallengesThereAre(String challenges, int times) throws IOException {
        AtomicInteger asked = new AtomicInteger();
        registry.answer((request, answer) -> answer.send(401, Map.of("WWW-Authenticate", challenges), new byte[0]));
        NetworkClient network = new NetworkClient(NetworkSettings.DEFAULT, registry.host(), Map.of());
        CredentialSource source = () -> {
            asked.incrementAndGet();
            return Optional.empty();
        };
        try (RegistryClient client = new RegistryClient(network, source, Optional.empty())) {
            HttpCall call = HttpCall.of("GET", URI.create(registry.address() + "/v2/"));
            assertThatThrownBy(() -> client.send(call, HttpReply::status)).isInstanceOf(HttpStatusException.class);
        }
        assertThat(asked).hasValue(times);
    }

    private static List<Thread> readers(int count, PositionalSource blob, Queue<IOException> failures) {
        List<Thread> readers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int position = i * 100;
            readers.add(Thread.ofVirtual().start(() -> {
                try {
                    blob.readFully(position, ByteBuffer.allocate(100));
                } catch (IOException e) {
                    failures.add(e);
                }
            }));
        }
        return readers;
    }

    @Test
    void readersAskSideBySideThoughNothingCameOfTheFirstRequest() throws Exception {
        int count = 4;
        CountDownLatch asked = new CountDownLatch(count);
        registry.once((request, answer) -> {
            throw new IOException("reset");
        });
        registry.answer((request, answer) -> {
            asked.countDown();
            try {
                asked.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            registry.serveBlob(request, answer);
        });
        Queue<IOException> failures = new ConcurrentLinkedQueue<>();
        try (BlobBackend backend = open(settings(""))) {
            for (Thread reader : readers(count, backend.open("id"), failures)) {
                reader.join();
            }
        }
        assertThat(failures).isEmpty();
        assertThat(registry.requests())
                .as("one failed, and no other had to wait")
                .hasSize(count + 1);
    }

    @Test
    void readersDoNotAskInTurnForATokenThatNobodyGets() throws Exception {
        int count = 20;
        wantTokens(registry::serveBlob);
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
            valid = "revoked";
            FaultyServer.Handler usual = registry.handler();
            AtomicInteger tokens = new AtomicInteger();
            registry.answer((request, answer) -> {
                if (request.path().startsWith("/token")) {
                    tokens.incrementAndGet();
                    try {
                        Thread.sleep(200);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    answer.send(500, "ill");
                } else {
                    usual.answer(request, answer);
                }
            });
            Queue<IOException> failures = new ConcurrentLinkedQueue<>();
            for (Thread reader : readers(count, backend.open("id"), failures)) {
                reader.join();
            }
            assertThat(failures).hasSize(count);
            assertThat(tokens.get()).isLessThan(count * Retries.ATTEMPTS / 2);
        }
    }

    @Test
    void tokenThatIsRefusedInMidLifeIsReplaced() throws IOException {
        wantTokens(registry::serveBlob);
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
            for (int i = 1; i < 5; i++) {
                valid = "revoked";
                assertReads(backend, i);
                assertThat(issued).hasValue(1 + i);
            }
        }
    }

    @Test
    void credentialsThatWereGivenMeanwhileCountFromTheNextRenewalOn() throws IOException {
        AtomicReference<Optional<Secret>> given = new AtomicReference<>(Optional.empty());
        wantTokens(registry::serveBlob);
        try (BlobBackend backend = BackendFactory.open(settings(AUTH), new BackendCounters("registry"), given::get)) {
            assertReads(backend, 0);
            given.set(Optional.of(new Secret(base64("me:changed"))));
            assertReads(backend, 1);
            valid = "revoked";
            assertReads(backend, 2);
            given.set(Optional.of(Secret.NONE));
            valid = "revoked";
            assertReads(backend, 3);
        }
        assertThat(registry.requests())
                .filteredOn(request -> request.path().startsWith("/token"))
                .extracting(request -> request.header("authorization").orElse("nobody"))
                .containsExactly("Basic " + AUTH, "Basic " + base64("me:changed"), "nobody");
    }

    @Test
    void tokenIsRenewedBeforeItEnds() throws Exception {
        life = 1;
        wantTokens(registry::serveBlob);
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
            Thread.sleep(700);
            assertReads(backend, 1);
            // The renewal goes on beside the reads, and the first token has ended by the time it is there.
            Thread.sleep(300);
            for (int i = 0; i < 100 && !lastAuthorization().matches("Bearer token-[2-9]"); i++) {
                Thread.sleep(10);
                registry.forget();
                assertReads(backend, 2);
            }
            assertThat(lastAuthorization()).matches("Bearer token-[2-9]");
            assertThat(issued.get()).isGreaterThanOrEqualTo(2);
        }
    }

    /** Returns how the last request for a blob identified itself. */
    private String lastAuthorization() {
        return registry.requests().stream()
                .filter(request -> request.path().contains("/blobs/"))
                .reduce("", (_, request) -> request.header("authorization").orElse(""), (_, last) -> last);
    }

    @Test
    void tokenServiceThatKnowsOnlyPostIsAskedSo() throws IOException {
        wantTokens(registry::serveBlob);
        registry.once((_, answer) -> answer.send(
                401,
                Map.of("WWW-Authenticate", "Bearer realm=\"" + store.address() + "/token\",service=s"),
                new byte[0]));
        store.answer((request, answer) -> {
            if (request.method().equals("GET")) {
                answer.send(405, "no");
            } else {
                valid = "posted";
                answer.send(200, "{\"token\":\"posted\"}");
            }
        });
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
        }
        assertThat(store.requests().getLast().body())
                .isEqualTo("service=s&client_id=nydus-registry-client&grant_type=password&username=me&password=secret");
    }

    @Test
    void tokenServiceThatFailsIsAskedAgain() throws IOException {
        wantTokens(registry::serveBlob);
        registry.once((_, answer) -> answer.send(
                401, Map.of("WWW-Authenticate", "Bearer realm=\"" + registry.address() + "/token\""), new byte[0]));
        registry.once((_, answer) -> answer.send(500, "token service is ill"));
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
        }
    }

    @Test
    void passwordIsGivenToThoseWhoWantIt() throws IOException {
        registry.answer((request, answer) -> {
            if (request.header("authorization").equals(Optional.of("Basic " + AUTH))) {
                registry.serveBlob(request, answer);
            } else {
                answer.send(401, Map.of("WWW-Authenticate", "Basic realm=\"x\""), new byte[0]);
            }
        });
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
            assertReads(backend, 1);
        }
        assertThat(registry.requests()).hasSize(3);
        registry.forget();
        try (BlobBackend backend = open(settings(base64("me:wrong")))) {
            assertThatThrownBy(() -> assertReads(backend, 0))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("401");
        }
        assertThat(registry.requests()).hasSize(2);
    }

    @Test
    void givenTokenIsUsedFirst() throws IOException {
        wantTokens(registry::serveBlob);
        valid = "given";
        RegistrySettings settings = new RegistrySettings(
                "http",
                registry.host(),
                "some/repo",
                Optional.empty(),
                Optional.of(new Secret("given")),
                "",
                "",
                NetworkSettings.DEFAULT);
        try (BlobBackend backend = open(settings)) {
            assertReads(backend, 0);
            assertThat(registry.requests()).hasSize(1);
        }
    }

    @Test
    void placeOfARedirectIsKeptForTheBlobAndHearsNoSecret() throws IOException {
        wantTokens((request, answer) ->
                answer.send(307, Map.of("Location", store.address() + "/place/id?signature=abc"), new byte[0]));
        try (BlobBackend backend = open(settings(AUTH))) {
            for (int i = 0; i < 4; i++) {
                assertReads(backend, i);
            }
        }
        assertThat(registry.requests()).hasSize(3);
        assertThat(store.requests()).hasSize(4);
        assertThat(store.requests())
                .allSatisfy(
                        request -> assertThat(request.header("authorization")).isEmpty());
    }

    @Test
    void placeThatRefusesIsAskedForAgain() throws IOException {
        wantTokens((request, answer) -> answer.send(
                307, Map.of("Location", store.address() + "/place/id?time=" + issued.incrementAndGet()), new byte[0]));
        try (BlobBackend backend = open(settings(AUTH))) {
            assertReads(backend, 0);
            store.once((_, answer) -> answer.send(403, "expired"));
            assertReads(backend, 1);
            assertThat(store.requests().get(1).path())
                    .isEqualTo(store.requests().get(0).path());
            assertThat(store.requests().get(2).path())
                    .isNotEqualTo(store.requests().get(1).path());
        }
    }

    @Test
    void placeThatIsGoneIsAskedForAgain() throws IOException {
        try (FaultyServer next = FaultyServer.start().with("id", CONTENT);
                BlobBackend backend = open(settings(""))) {
            registry.answer((request, answer) ->
                    answer.send(307, Map.of("Location", store.address() + "/place/id"), new byte[0]));
            assertReads(backend, 0);
            registry.answer((request, answer) ->
                    answer.send(307, Map.of("Location", next.address() + "/place/id"), new byte[0]));
            store.stopListening();
            store.cutConnections();
            assertReads(backend, 1);
            assertThat(paths(next)).containsExactly("GET /place/id");
        }
    }

    @Test
    void placeWithAWrongCertificateIsNotSeenIfTheRegistryKnowsABetterOneSoon() throws Exception {
        TestCertificates certificates = TestCertificates.of("other.example", folder);
        NetworkSettings trusting = new NetworkSettings(
                false, List.of(certificates.pem().toString()), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
        RegistrySettings settings = new RegistrySettings(
                "http", registry.host(), "r", Optional.of(Secret.NONE), Optional.empty(), "", "", trusting);
        try (FaultyServer secure = FaultyServer.startTls(certificates.context()).with("id", CONTENT);
                BlobBackend backend = open(settings)) {
            assertReads(backend, 0);
            registry.once(
                    (_, answer) -> answer.send(307, Map.of("Location", secure.address() + "/place/id"), new byte[0]));
            assertReads(backend, 1);
            assertThat(secure.connectionCount()).isEqualTo(1);
            assertThat(secure.requests()).isEmpty();
        }
    }

    @Test
    void redirectsInCirclesThatEndAreNotSeen() throws IOException {
        try (BlobBackend backend = open(settings(""))) {
            assertReads(backend, 0);
            registry.once((request, answer) -> answer.send(302, Map.of("Location", request.path()), new byte[0]));
            assertReads(backend, 1);
        }
        assertThat(registry.requests()).hasSize(3);
    }

    @Test
    void redirectsInCirclesAreAnError() throws IOException {
        registry.answer((_, answer) -> answer.send(302, Map.of("Location", store.address() + "/a/id"), new byte[0]));
        store.answer((request, answer) ->
                answer.send(302, Map.of("Location", request.path().equals("/a/id") ? "/b/id" : "/a/id"), new byte[0]));
        try (BlobBackend backend = open(settings(""))) {
            assertThatThrownBy(() -> assertReads(backend, 0))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("round in circles");
        }
        assertThat(store.requests()).hasSize(2);
    }

    @Test
    void endlessRedirectsAreAnError() throws IOException {
        AtomicInteger count = new AtomicInteger();
        registry.answer((_, answer) ->
                answer.send(302, Map.of("Location", store.address() + "/" + count.incrementAndGet()), new byte[0]));
        store.answer((_, answer) ->
                answer.send(302, Map.of("Location", store.address() + "/" + count.incrementAndGet()), new byte[0]));
        try (BlobBackend backend = open(settings(""))) {
            assertThatThrownBy(() -> assertReads(backend, 0))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("more than 5 redirects");
        }
    }

    @Test
    void redirectGoesWhereTheSettingsSay() throws IOException {
        String port = URI.create(store.address()).getPort() + "";
        registry.answer((_, answer) ->
                answer.send(302, Map.of("Location", "https://far.invalid:" + port + "/place/id"), new byte[0]));
        RegistrySettings settings = new RegistrySettings(
                "http",
                registry.host(),
                "r",
                Optional.of(Secret.NONE),
                Optional.empty(),
                "http",
                "localhost",
                NetworkSettings.DEFAULT);
        try (BlobBackend backend = open(settings)) {
            assertReads(backend, 0);
        }
        assertThat(store.requests()).hasSize(1);
    }

    @Test
    void plainHttpIsSpokenOnlyWhereThatIsAllowed() throws IOException {
        RegistrySettings strict = new RegistrySettings(
                "https",
                registry.host(),
                "r",
                Optional.of(Secret.NONE),
                Optional.empty(),
                "",
                "",
                NetworkSettings.DEFAULT);
        try (BlobBackend backend = open(strict)) {
            assertThatThrownBy(() -> assertReads(backend, 0)).isInstanceOf(BackendException.class);
        }
        NetworkSettings careless = new NetworkSettings(true, List.of(), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
        RegistrySettings allowed = new RegistrySettings(
                "https", registry.host(), "r", Optional.of(Secret.NONE), Optional.empty(), "", "", careless);
        registry.forget();
        try (BlobBackend backend = open(allowed)) {
            assertReads(backend, 0);
            assertReads(backend, 1);
        }
    }

    @Test
    void secureRegistryThatWasDownIsNotAskedInPlainTextAfterwards() throws Exception {
        TestCertificates certificates = TestCertificates.of("localhost", folder);
        NetworkSettings careless = new NetworkSettings(true, List.of(), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
        try (FaultyServer secure = FaultyServer.startTls(certificates.context()).with("id", CONTENT);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            RegistrySettings settings = new RegistrySettings(
                    "https", secure.host(), "r", Optional.of(Secret.NONE), Optional.empty(), "", "", careless);
            for (boolean used : new boolean[] {true, false}) {
                try (BlobBackend backend = open(settings)) {
                    if (used) {
                        assertReads(backend, 0);
                    }
                    secure.stopListening();
                    secure.cutConnections();
                    Future<?> reader = threads.submit(() -> {
                        assertReads(backend, 1);
                        return null;
                    });
                    Thread.sleep(100);
                    secure.listenAgain();
                    reader.get();
                    assertThat(secure.requests()).as("used before: " + used).isNotEmpty();
                    secure.forget();
                    assertReads(backend, 2);
                    assertThat(secure.requests()).hasSize(1);
                }
            }
        }
    }

    @Test
    void authThatIsNoneIsRefusedWithoutQuotingIt() {
        for (String auth : new String[] {"c2VjcmV0", "!secret!", "/////w=="}) {
            assertThatThrownBy(() -> open(settings(auth)))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("nvalid")
                    .hasMessageNotContaining(auth);
        }
    }
}
