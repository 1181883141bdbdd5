package io.nydus4j.storage.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.config.MirrorSettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.ProxySettings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Security;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads from servers that fail and lie: the right bytes come, or an error after the stated number of attempts. */
@Timeout(30)
final class HttpFaultsTest {
    private static final String ID = "blob";
    private static final byte[] CONTENT = new byte[300_000];
    private static final int ATTEMPTS = 2;

    static {
        new Random(7).nextBytes(CONTENT);
    }

    private FaultyServer server;
    private final BackendCounters counters = new BackendCounters("test");

    @TempDir
    Path folder;

    @BeforeEach
    void start() throws IOException {
        server = FaultyServer.start().with(ID, CONTENT);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private static NetworkSettings settings(int timeoutSeconds, ProxySettings proxy, MirrorSettings... mirrors) {
        return new NetworkSettings(false, List.of(), timeoutSeconds, timeoutSeconds, 0, proxy, List.of(mirrors), 0);
    }

    private static NetworkSettings settings() {
        return settings(1, ProxySettings.DEFAULT);
    }

    private NetworkBackend backend(String address, NetworkSettings settings) throws IOException {
        NetworkClient client = new NetworkClient(
                settings, URI.create(address).getRawAuthority(), Map.of("NYDUS_HEADER_X-Extra", "more"));
        BlobEndpoint endpoint = new BlobEndpoint() {
            @Override
            public <T> T send(String method, String blobId, Optional<ByteRange> range, ReplyReader<T> reader)
                    throws IOException {
                HttpCall call = HttpCall.of(method, URI.create(address + "/" + blobId));
                return client.send(range.map(call::with).orElse(call), reader);
            }

            @Override
            public void close() {
                client.close();
            }
        };
        Retries retries = new Retries("test", ATTEMPTS, Duration.ofMillis(1), Duration.ofSeconds(3));
        return new NetworkBackend(endpoint, retries, counters, settings);
    }

    private void assertReads(NetworkBackend backend) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(50_000);
        assertThat(backend.open(ID).readAt(1000, buffer)).isEqualTo(50_000);
        assertThat(buffer.flip())
                .isEqualTo(ByteBuffer.wrap(CONTENT, 1000, 50_000).slice());
    }

    private void assertReads() throws IOException {
        try (NetworkBackend backend = backend(server.address(), settings())) {
            assertReads(backend);
        }
    }

    private BackendException assertFails(String address, NetworkSettings settings) throws IOException {
        try (NetworkBackend backend = backend(address, settings)) {
            PositionalSource blob = backend.open(ID);
            BackendException failure =
                    catchThrowableOfType(BackendException.class, () -> blob.readAt(1000, ByteBuffer.allocate(50_000)));
            assertThat(failure).isNotNull();
            return failure;
        }
    }

    /** What a server does wrong with a request. */
    enum Fault {
        ERROR((server, request, answer) -> answer.send(500, "oops")),
        UNAVAILABLE((server, request, answer) -> answer.send(503, "oops")),
        RESET((server, request, answer) -> {
            throw new IOException("reset");
        }),
        RESET_AFTER_HEADERS((server, request, answer) -> {
            answer.head(206, Map.of("Content-Range", server.contentRange(request)), 50_000);
            throw new IOException("reset");
        }),
        TRUNCATED((server, request, answer) -> {
            answer.head(206, Map.of("Content-Range", server.contentRange(request)), 50_000);
            answer.body(Arrays.copyOf(server.part(request), 49_999));
            throw new IOException("reset");
        }),
        WRONG_LENGTH((server, request, answer) -> answer.send(
                206,
                Map.of("Content-Range", server.contentRange(request)),
                Arrays.copyOf(server.part(request), 49_000))),
        TOO_LONG((server, request, answer) -> {
            answer.raw("HTTP/1.1 206 P\r\nContent-Range: " + server.contentRange(request)
                    + "\r\nTransfer-Encoding: chunked\r\n\r\nC351\r\n");
            answer.body(Arrays.copyOf(server.part(request), 0xC351));
            answer.raw("\r\n0\r\n\r\n");
        }),
        ENDLESS((server, request, answer) -> {
            answer.raw("HTTP/1.1 206 P\r\nContent-Range: " + server.contentRange(request)
                    + "\r\nTransfer-Encoding: chunked\r\n\r\n");
            while (true) {
                answer.raw("C350\r\n");
                answer.body(server.part(request));
                answer.raw("\r\n");
            }
        }),
        WRONG_RANGE((server, request, answer) ->
                answer.send(206, Map.of("Content-Range", "bytes 0-49999/300000"), new byte[50_000])),
        SHORT_RANGE((server, request, answer) ->
                answer.send(206, Map.of("Content-Range", "bytes 1000-2999/300000"), new byte[2000])),
        NO_RANGE((server, request, answer) -> answer.send(206, Map.of(), new byte[50_000])),
        WHOLE_BLOB((server, request, answer) -> answer.send(200, Map.of(), CONTENT)),
        SAME_LENGTH((server, request, answer) -> answer.send(200, Map.of(), new byte[50_000])),
        NO_HTTP((server, request, answer) -> {
            answer.raw("220 welcome to my mail server\r\n");
            throw new IOException("closed");
        }),
        SLOW((server, request, answer) -> sleep(1500)),
        STUCK((server, request, answer) -> {
            answer.head(206, Map.of("Content-Range", server.contentRange(request)), 50_000);
            answer.body(new byte[100]);
            sleep(1500);
        });

        private final Misdeed misdeed;

        /** Answers with access to the server. */
        private interface Misdeed {
            void answer(FaultyServer server, FaultyServer.Request request, FaultyServer.Answer answer)
                    throws IOException;
        }

        Fault(Misdeed misdeed) {
            this.misdeed = misdeed;
        }

        FaultyServer.Handler on(FaultyServer server) {
            return (request, answer) -> misdeed.answer(server, request, answer);
        }

        private static void sleep(long millis) throws IOException {
            try {
                Thread.sleep(millis);
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void faultThatPassesIsNotSeen(Fault fault) throws IOException {
        for (int i = 0; i < ATTEMPTS - 1; i++) {
            server.once(fault.on(server));
        }
        assertReads();
        assertThat(server.requests()).hasSize(ATTEMPTS);
        assertThat(counters.snapshot().readCount()).isEqualTo(ATTEMPTS);
        assertThat(counters.snapshot().readErrors()).isEqualTo(ATTEMPTS - 1);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void faultThatStaysIsAnErrorAfterTheStatedAttempts(Fault fault) throws IOException {
        server.answer(fault.on(server));
        BackendException failure = assertFails(server.address(), settings());
        assertThat(failure.retryable()).isTrue();
        assertThat(failure).hasMessageStartingWith("test: blob blob bytes 1000-50999: ");
        assertThat(server.requests()).hasSize(ATTEMPTS);
    }

    @Test
    void whatWasNotAskedForIsNotRead() throws IOException {
        long size = 1L << 30;
        AtomicLong sent = new AtomicLong();
        server.answer((request, answer) -> {
            answer.head(200, Map.of(), size);
            while (sent.get() < size) {
                answer.body(CONTENT);
                sent.addAndGet(CONTENT.length);
            }
        });
        assertFails(server.address(), settings());
        assertThat(sent.get()).isLessThan(size / 8);
    }

    /** A byte at a time, each soon enough. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 ",
                "HTTP/1.1 206 P\r\nContent-Range: bytes 0-9/10\r\nTransfer-Encoding: chunked\r\n\r\nA;",
                "HTTP/1.1 500 P\r\nContent-Length: 400\r\n\r\n"
            })
    void replyThatNeverEndsIsAnError(String start) throws IOException {
        server.answer((request, answer) -> {
            answer.raw(start);
            while (true) {
                answer.raw("x");
                Fault.sleep(20);
            }
        });
        try (HttpTransport transport = HttpTransport.direct(settings(), Duration.ofMillis(300))) {
            HttpCall call = HttpCall.of("GET", URI.create(server.address() + "/" + ID));
            ByteRange range = new ByteRange(0, 9);
            assertThatThrownBy(() ->
                            transport.send(call, reply -> RangeReply.read(reply, range, ByteBuffer.allocate(10), 1000)))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void addressThatCannotBeIsAnError() throws IOException {
        assertThat(assertFails("http://localhost:99999", settings()))
                .hasMessageContaining("the address http://localhost:99999/blob cannot be used");
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 403, 404, 410})
    void refusalIsNotRepeated(int status) throws IOException {
        server.answer((request, answer) -> answer.send(status, "no,\n never"));
        BackendException failure = assertFails(server.address(), settings());
        assertThat(failure.retryable()).isFalse();
        assertThat(failure).hasMessageEndingWith("the server answered " + status + ": no, never");
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void serverThatAsksForPatienceGetsSome() throws IOException {
        server.once((request, answer) -> answer.send(503, Map.of("Retry-After", "1"), new byte[0]));
        assertReads();
        assertThat(server.requests()).hasSize(2);
        for (int i = 0; i < ATTEMPTS + 1; i++) {
            server.once((request, answer) -> answer.send(429, Map.of("Retry-After", "1"), new byte[0]));
        }
        long start = System.nanoTime();
        NetworkSettings settings = settings();
        try (NetworkBackend backend = backend(server.address(), settings)) {
            BackendException failure = catchThrowableOfType(
                    BackendException.class, () -> backend.open(ID).readAt(0, ByteBuffer.allocate(1)));
            assertThat(failure).hasMessageContaining("429");
        }
        assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isBetween(2L, 8L);
    }

    @Test
    void nobodyAsksWhileTheServerWantsQuiet() throws Exception {
        AtomicBoolean storm = new AtomicBoolean(true);
        server.answer((request, answer) -> {
            if (storm.get()) {
                answer.send(429, Map.of("Retry-After", "1"), new byte[0]);
            } else {
                server.serveBlob(request, answer);
            }
        });
        try (NetworkBackend backend = backend(server.address(), settings())) {
            PositionalSource blob = backend.open(ID);
            Thread first = Thread.ofVirtual().start(() -> readQuietly(blob, 0));
            while (server.requests().isEmpty()) {
                Thread.sleep(1);
            }
            Thread.sleep(100);
            storm.set(false);
            long start = System.nanoTime();
            Thread[] others = new Thread[20];
            for (int i = 0; i < others.length; i++) {
                int position = i * 100;
                others[i] = Thread.ofVirtual().start(() -> readQuietly(blob, position));
            }
            Thread.sleep(300);
            assertThat(server.requests()).hasSize(1);
            for (Thread other : others) {
                other.join();
            }
            first.join();
            assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(500));
            assertThat(server.requests()).hasSize(22);
        }
    }

    private static void readQuietly(PositionalSource blob, int position) {
        try {
            blob.readFully(position, ByteBuffer.allocate(100));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void patienceEnds() throws IOException {
        server.answer((request, answer) -> answer.send(429, Map.of("Retry-After", "3600"), new byte[0]));
        assertThat(assertFails(server.address(), settings()).retryable()).isTrue();
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void serverThatIsDownIsAnError() throws IOException {
        int port;
        try (ServerSocket unused = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = unused.getLocalPort();
        }
        assertThat(assertFails("http://localhost:" + port, settings()).retryable())
                .isTrue();
    }

    @Test
    void hostThatIsUnknownIsAnError() throws IOException {
        assertThat(assertFails("http://no-such-host.invalid", settings()))
                .hasMessageContaining("unknown host")
                .hasMessageContaining("no-such-host.invalid");
    }

    @Test
    void nameThatIsUnknownIsLookedUpAgain() throws IOException {
        assertReads();
        assertThat(Security.getProperty("networkaddress.cache.negative.ttl")).isEqualTo("0");
    }

    @Test
    void endOfTheBlobIsNoFault() throws IOException {
        try (NetworkBackend backend = backend(server.address(), settings())) {
            PositionalSource blob = backend.open(ID);
            ByteBuffer buffer = ByteBuffer.allocate(1000);
            assertThat(blob.readAt(CONTENT.length - 10, buffer)).isEqualTo(10);
            assertThat(blob.size()).isEqualTo(CONTENT.length);
            assertThat(server.requests()).hasSize(1);
            assertThat(blob.readAt(CONTENT.length, buffer)).isZero();
            assertThat(blob.readAt(CONTENT.length + 5, buffer)).isZero();
        }
        try (NetworkBackend backend = backend(server.address(), settings())) {
            assertThat(backend.open(ID).readAt(CONTENT.length + 5, ByteBuffer.allocate(10)))
                    .isZero();
        }
    }

    @Test
    void sizeIsFoundWithoutHead() throws IOException {
        server.answer((request, answer) -> {
            if (request.method().equals("HEAD")) {
                answer.head(405, Map.of(), 0);
            } else {
                server.serveBlob(request, answer);
            }
        });
        try (NetworkBackend backend = backend(server.address(), settings())) {
            assertThat(backend.open(ID).size()).isEqualTo(CONTENT.length);
            assertThat(backend.open(ID).size()).isEqualTo(CONTENT.length);
            assertThat(server.requests())
                    .extracting(FaultyServer.Request::method)
                    .containsExactly("HEAD", "GET");
        }
    }

    @Test
    void blobThatChangesItsSizeIsAnError() throws IOException {
        try (NetworkBackend backend = backend(server.address(), settings())) {
            PositionalSource blob = backend.open(ID);
            blob.readFully(0, ByteBuffer.allocate(10));
            server.with(ID, new byte[299_999]);
            assertThatThrownBy(() -> blob.readFully(0, ByteBuffer.allocate(10)))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("the blob had 300000 bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100_000})
    void sizeThatOneReplyGotWrongIsNotBelievedForGood(int position) throws IOException {
        server.once((request, answer) ->
                answer.send(206, Map.of("Content-Range", "bytes 0-9/1000"), Arrays.copyOf(CONTENT, 10)));
        try (NetworkBackend backend = backend(server.address(), settings())) {
            PositionalSource blob = backend.open(ID);
            blob.readFully(0, ByteBuffer.allocate(10));
            assertThatThrownBy(() -> blob.readFully(position, ByteBuffer.allocate(10)))
                    .hasMessageContaining("the blob had 1000 bytes");
            assertReads(backend);
        }
    }

    @Test
    void connectionsAreUsedAgain() throws IOException {
        try (NetworkBackend backend = backend(server.address(), settings())) {
            PositionalSource blob = backend.open(ID);
            for (int i = 0; i < 50; i++) {
                blob.readFully(i, ByteBuffer.allocateDirect(10_000));
            }
        }
        assertThat(server.connectionCount()).isEqualTo(1);
    }

    @Test
    void environmentAddsHeaders() throws IOException {
        assertReads();
        FaultyServer.Request request = server.requests().getFirst();
        assertThat(request.header("x-extra")).contains("more");
        assertThat(request.header("user-agent")).contains("nydusd/1.0.0");
        assertThat(request.header("range")).contains("bytes=1000-50999");
    }

    @Test
    void certificateOfAConfiguredAuthorityIsTrusted() throws IOException, GeneralSecurityException {
        TestCertificates certificates = TestCertificates.of("localhost", folder);
        try (FaultyServer secure = FaultyServer.startTls(certificates.context()).with(ID, CONTENT)) {
            NetworkSettings trusting = new NetworkSettings(
                    false, List.of(certificates.pem().toString()), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
            try (NetworkBackend backend = backend(secure.address(), trusting)) {
                assertReads(backend);
            }
            BackendException failure = assertFails(secure.address(), settings());
            assertThat(failure.retryable()).isFalse();
            assertThat(secure.requests()).hasSize(1);
        }
    }

    @Test
    void certificateOfAnotherNameIsRefusedUnlessNothingIsVerified() throws IOException, GeneralSecurityException {
        TestCertificates certificates = TestCertificates.of("other.example", folder);
        try (FaultyServer secure = FaultyServer.startTls(certificates.context()).with(ID, CONTENT)) {
            NetworkSettings trusting = new NetworkSettings(
                    false, List.of(certificates.pem().toString()), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
            BackendException failure = assertFails(secure.address(), trusting);
            assertThat(failure.retryable()).isFalse();
            assertThat(failure).hasMessageContaining("localhost");
            assertThat(secure.requests()).isEmpty();
            NetworkSettings careless =
                    new NetworkSettings(true, List.of(), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
            try (NetworkBackend backend = backend(secure.address(), careless)) {
                assertReads(backend);
            }
        }
    }

    @Test
    void certificatesThatCannotBeReadAreAnError() {
        NetworkSettings settings =
                new NetworkSettings(false, List.of("/none.pem"), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
        assertThatThrownBy(() -> backend(server.address(), settings)).hasMessageContaining("/none.pem");
    }

    private static ProxySettings through(FaultyServer proxy, String ping, boolean fallback) {
        return new ProxySettings(proxy.address(), ping, fallback, 1, false, 300, "");
    }

    @Test
    void requestsGoThroughTheProxyAndAroundItWhereThatIsAllowed() throws IOException {
        try (FaultyServer proxy = FaultyServer.start().with(ID, CONTENT)) {
            try (NetworkBackend backend = backend(server.address(), settings(1, through(proxy, "", true)))) {
                assertReads(backend);
                assertThat(server.requests()).isEmpty();
                FaultyServer.Request request = proxy.requests().getFirst();
                assertThat(request.path()).isEqualTo(server.address() + "/blob");
                assertThat(request.header("x-dragonfly-use-p2p")).contains("true");
                proxy.answer((_, answer) -> answer.send(502, "bad"));
                assertReads(backend);
                assertThat(server.requests()).hasSize(1);
            }
            assertThat(assertFails(server.address(), settings(1, through(proxy, "", false))))
                    .hasMessageContaining("502");
        }
    }

    @Test
    void proxyThatDoesNotAnswerPingsIsLeftAlone() throws Exception {
        try (FaultyServer proxy = FaultyServer.start().with(ID, CONTENT)) {
            proxy.answer((request, answer) -> {
                if (request.path().equals("/ping")) {
                    answer.send(500, "ill");
                } else {
                    proxy.serveBlob(request, answer);
                }
            });
            NetworkSettings strict = settings(1, through(proxy, proxy.address() + "/ping", false));
            try (NetworkBackend backend = backend(server.address(), strict)) {
                while (proxy.requests().isEmpty()) {
                    Thread.sleep(1);
                }
                Thread.sleep(100);
                assertThatThrownBy(() -> assertReads(backend))
                        .hasMessageContaining("proxy is not healthy and fallback is disabled");
                proxy.answer((request, answer) -> {
                    if (request.path().equals("/ping")) {
                        answer.send(200, "well");
                    } else {
                        proxy.serveBlob(request, answer);
                    }
                });
                Thread.sleep(1500);
                assertReads(backend);
            }
        }
    }

    @Test
    void mirrorIsAskedFirstAndLeftAloneWhenItFails() throws IOException {
        try (FaultyServer mirror = FaultyServer.start().with(ID, CONTENT)) {
            MirrorSettings settings = new MirrorSettings(mirror.address(), "", Map.of("X-Mirror", "yes"), 60, 2);
            try (NetworkBackend backend = backend(server.address(), settings(1, ProxySettings.DEFAULT, settings))) {
                assertReads(backend);
                assertThat(server.requests()).isEmpty();
                assertThat(mirror.requests().getFirst().header("x-mirror")).contains("yes");
                mirror.answer((_, answer) -> answer.send(404, "not here"));
                for (int i = 0; i < 4; i++) {
                    assertReads(backend);
                }
                assertThat(server.requests()).hasSize(4);
                assertThat(mirror.requests()).hasSize(3);
            }
        }
    }

    @Test
    void bandwidthIsLimited() throws IOException {
        NetworkSettings slow =
                new NetworkSettings(false, List.of(), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 200_000);
        try (NetworkBackend backend = backend(server.address(), slow)) {
            long start = System.nanoTime();
            for (int i = 0; i < 6; i++) {
                assertReads(backend);
            }
            assertThat(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start)).isBetween(400L, 3000L);
        }
    }

    @Test
    void closedBackendReadsNothing() throws IOException {
        NetworkBackend backend = backend(server.address(), settings());
        PositionalSource blob = backend.open(ID);
        backend.close();
        assertThatThrownBy(() -> blob.readAt(0, ByteBuffer.allocate(10))).isInstanceOf(IOException.class);
    }
}
