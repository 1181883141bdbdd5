package io.nydus4j.daemon.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.RecordedCase;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class HttpServerTest {
    private static final String EVENTS =
            "{\"max_errors\":500,\"total_errors\":0,\"max_size\":51200,\"total_size\":0,\"errors\":[]}";
    private static final String GET = "GET /api/v1/daemon/events HTTP/1.1\r\n\r\n";

    @TempDir
    Path directory;

    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.start(directory.resolve("api"), HttpServerTest::answer, Duration.ofMillis(500));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    /** Answers enough of the API for what was recorded. */
    private static HttpResponse answer(HttpRequest request) {
        if (request.method() == HttpMethod.PUT) {
            return HttpResponse.noContent();
        }
        return request.path().equals("/api/v1/daemon/events")
                        && request.method() == HttpMethod.GET
                        && request.body().length == 0
                ? HttpResponse.ok(EVENTS)
                : new HttpResponse(400, "{\"code\":\"UNDEFINED\",\"message\":\"BadRequest\"}");
    }

    /** What the reference does to itself: answers twice if a request comes in parts, or reads a refused body as requests. */
    private static final Set<String> DEFECTS = Set.of(
            "110-bare-lf",
            "190-expect-nobody-sent",
            "280-body-51200",
            "290-body-51201",
            "300-body-200000",
            "310-long-uri",
            "320-short-body",
            "400-twelve-connections",
            "401-connection-limit",
            "402-split-request",
            "420-v2-blobs-get-domain");

    @TestFactory
    List<DynamicTest> answersOddRequestsAsTheReferenceDid() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (RecordedCase recorded : RecordedCase.all("transport")) {
            if (DEFECTS.contains(recorded.name())) {
                continue;
            }
            byte[] whole = bytes(recorded);
            String expected = recorded.section("response").stripTrailing();
            String first = expected.contains("100 \n") ? expected.substring(expected.indexOf("\n\n") + 2) : expected;
            tests.add(DynamicTest.dynamicTest(recorded.name(), () -> {
                try (SocketChannel channel = HttpExchange.open(server.path())) {
                    channel.write(ByteBuffer.wrap(whole));
                    HttpExchange exchange = HttpExchange.receive(channel);
                    if (exchange.status() == 100) {
                        exchange = HttpExchange.receive(channel);
                    }
                    String actual = (exchange.head() + exchange.body())
                            .replace("\r\n", "\n")
                            .stripTrailing();
                    assertThat(actual).isNotEmpty();
                    assertThat(withClose(recorded, first)).startsWith(actual);
                }
            }));
        }
        assertThat(tests).hasSizeGreaterThan(20);
        return tests;
    }

    /** Returns a request whose carriage returns the recording shows, or leaves out. */
    private static byte[] bytes(RecordedCase recorded) {
        String text = recorded.section("request") + "\n";
        if (!text.contains("\\r\n")) {
            return recorded.request();
        }
        String raw = text.replace("\\r\n", "\r\n");
        return (raw.endsWith("\r\n") ? raw : raw.stripTrailing()).getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the response as it is here where the end of the request is unknown: then the connection is closed. */
    private static String withClose(RecordedCase recorded, String response) {
        return recorded.name().startsWith("14")
                        || recorded.name().startsWith("15")
                        || recorded.name().startsWith("160")
                ? response.replace("Connection: keep-alive", "Connection: close")
                : response;
    }

    private HttpExchange send(String request) throws IOException {
        return HttpExchange.send(server.path(), request.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void waitsForTheRestOfARequestInPieces() throws Exception {
        String request = "PUT /api/v1/daemon HTTP/1.1\r\nContent-Length: 20\r\n\r\n{\"log_level\":\"info\"}";
        try (SocketChannel channel = HttpExchange.open(server.path())) {
            for (byte b : request.getBytes(StandardCharsets.UTF_8)) {
                channel.write(ByteBuffer.wrap(new byte[] {b}));
            }
            assertThat(HttpExchange.receive(channel).status()).isEqualTo(204);
            channel.write(ByteBuffer.wrap(GET.getBytes(StandardCharsets.UTF_8)));
            assertThat(HttpExchange.receive(channel).body()).isEqualTo(EVENTS);
        }
    }

    @Test
    void answersPipelinedRequestsInOrder() throws Exception {
        try (SocketChannel channel = HttpExchange.open(server.path())) {
            channel.write(ByteBuffer.wrap((GET + "GET /nope HTTP/1.1\r\n\r\n" + GET).getBytes(StandardCharsets.UTF_8)));
            assertThat(HttpExchange.receive(channel).status()).isEqualTo(200);
            assertThat(HttpExchange.receive(channel).status()).isEqualTo(400);
            assertThat(HttpExchange.receive(channel).status()).isEqualTo(200);
        }
    }

    @Test
    void takesBodiesUpToTheLimitAndClosesAfterLargerOnes() throws Exception {
        String head = "PUT /api/v1/config HTTP/1.1\r\nContent-Length: ";
        assertThat(send(head + "51200\r\n\r\n" + "a".repeat(51200)).status()).isEqualTo(204);
        try (SocketChannel channel = HttpExchange.open(server.path())) {
            channel.write(ByteBuffer.wrap((head + "51201\r\n\r\n").getBytes(StandardCharsets.UTF_8)));
            HttpExchange exchange = HttpExchange.receive(channel);
            assertThat(exchange.status()).isEqualTo(400);
            assertThat(exchange.body())
                    .isEqualTo(
                            "{ \"error\": \"Request payload with size 51201 is larger than the limit of 51200 allowed "
                                    + "by server.\nAll previous unanswered requests will be dropped.\" }");
            assertThat(HttpExchange.receive(channel).status()).isZero();
        }
    }

    @Test
    void refusesLongLinesAndHeads() throws Exception {
        assertThat(send("GET /" + "a".repeat(3000) + " HTTP/1.1\r\n\r\n").status())
                .isEqualTo(400);
        assertThat(send("GET /" + "a".repeat(3000)).status()).isEqualTo(400);
        assertThat(send("GET / HTTP/1.1\r\n" + "a: b\r\n".repeat(5000) + "\r\n").status())
                .isEqualTo(400);
    }

    @Test
    void refusesLengthsThatAreNone() throws Exception {
        for (String length : List.of("x", "-1", "", "99999999999", "1 1", "0x10")) {
            assertThat(send("PUT / HTTP/1.1\r\nContent-Length: " + length + "\r\n\r\n")
                            .status())
                    .as(length)
                    .isEqualTo(400);
        }
    }

    @Test
    void closesConnectionsThatSendTooSlowly() throws Exception {
        try (SocketChannel channel = HttpExchange.open(server.path())) {
            channel.write(ByteBuffer.wrap("GET / HT".getBytes(StandardCharsets.UTF_8)));
            assertThat(HttpExchange.receive(channel).status()).isZero();
        }
    }

    @Test
    void keepsIdleConnectionsOpen() throws Exception {
        try (SocketChannel channel = HttpExchange.open(server.path())) {
            Thread.sleep(1200);
            channel.write(ByteBuffer.wrap(GET.getBytes(StandardCharsets.UTF_8)));
            assertThat(HttpExchange.receive(channel).status()).isEqualTo(200);
        }
    }

    @Test
    void closesTheConnectionPastTheLimit() throws Exception {
        List<SocketChannel> open = new ArrayList<>();
        try {
            for (int i = 0; i < HttpServer.MAX_CONNECTIONS; i++) {
                SocketChannel channel = HttpExchange.open(server.path());
                open.add(channel);
                channel.write(ByteBuffer.wrap(GET.getBytes(StandardCharsets.UTF_8)));
                assertThat(HttpExchange.receive(channel).status()).isEqualTo(200);
            }
            try (SocketChannel channel = HttpExchange.open(server.path())) {
                assertThat(channel.read(ByteBuffer.allocate(1))).isEqualTo(-1);
            }
        } finally {
            for (SocketChannel channel : open) {
                channel.close();
            }
        }
    }

    @Test
    void opensItsSocketToItsOwnerOnlyAndRemovesIt() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(server.path())))
                .isEqualTo("rw-------");
        server.close();
        assertThat(server.path()).doesNotExist();
    }

    @Test
    void takesThePlaceOfASocketThatWasLeft() throws Exception {
        Path stale = directory.resolve("stale");
        Files.writeString(stale, "left");
        try (HttpServer other = HttpServer.start(stale, HttpServerTest::answer)) {
            assertThat(HttpExchange.send(other.path(), GET.getBytes(StandardCharsets.UTF_8))
                            .status())
                    .isEqualTo(200);
        }
    }
}
