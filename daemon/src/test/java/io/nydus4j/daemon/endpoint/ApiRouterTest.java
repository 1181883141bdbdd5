package io.nydus4j.daemon.endpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.RecordedCase;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.http.HttpExchange;
import io.nydus4j.daemon.http.HttpServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class ApiRouterTest {
    /** Counters and the list of mounts are another test's business, as are the places of mistakes in JSON. */
    private static boolean isCounted(RecordedCase recorded) {
        String request = recorded.section("request");
        return recorded.status() == 200
                        && (request.contains("/metrics")
                                || request.contains("/daemon HTTP")
                                || request.contains("/daemon?"))
                || recorded.body().contains("'/nope'")
                || recorded.name().startsWith("160-"); // a path that only a daemon can judge
    }

    private static String withoutColumn(String body) {
        return body.replaceAll("column: [0-9]+", "column: N");
    }

    @TestFactory
    List<DynamicTest> answersAsTheReferenceDid(@TempDir Path directory) throws Exception {
        List<DynamicTest> tests = new ArrayList<>();
        List<RecordedCase> cases = RecordedCase.all("fuse-v6");
        assertThat(cases).hasSizeGreaterThan(100);
        try (HttpServer server = HttpServer.start(directory.resolve("api"), new ApiRouter(new CannedDaemon()))) {
            for (RecordedCase recorded : cases) {
                if (isCounted(recorded)) {
                    continue;
                }
                HttpExchange exchange = HttpExchange.send(server.path(), recorded.request());
                tests.add(DynamicTest.dynamicTest(recorded.name(), () -> {
                    assertThat(exchange.status()).isEqualTo(recorded.status());
                    if (recorded.section("request").startsWith("GET /api/v1/config")) { // its order is random there
                        assertThat(JsonValue.parse(exchange.body())).isEqualTo(JsonValue.parse(recorded.body()));
                        return;
                    }
                    assertThat(withoutColumn(exchange.body())).isEqualTo(withoutColumn(recorded.body()));
                    assertThat(exchange.head()).contains("Server: Nydus API\r\nConnection: keep-alive\r\n");
                }));
            }
        }
        assertThat(tests).hasSizeGreaterThan(80);
        return tests;
    }

    @Test
    void answersMountsThatAreNotServedWithNotImplemented(@TempDir Path directory) throws Exception {
        String body = "{\"source\":\"x\",\"config\":\"\",\"fs_type\":\"rafs\"}";
        try (HttpServer server = HttpServer.start(directory.resolve("api"), new ApiRouter(new CannedDaemon()))) {
            HttpExchange exchange = HttpExchange.send(
                    server.path(),
                    ("POST /api/v1/mount?mountpoint=/x HTTP/1.1\r\nContent-Length: " + body.length() + "\r\n\r\n"
                                    + body)
                            .getBytes(StandardCharsets.UTF_8));
            assertThat(exchange.status()).isEqualTo(501);
            assertThat(exchange.body())
                    .isEqualTo("{\"code\":\"UNDEFINED\",\"message\":\"Mount(DaemonAbnormal(Unsupported))\"}");
        }
    }

    /** The mode {@code singleton} is not here: what was done there is refused by name, before a configuration is looked at. */
    @TestFactory
    List<DynamicTest> blobRequestsThatTheReferenceTookAreSaidToBeUnsupported(@TempDir Path directory) throws Exception {
        List<DynamicTest> tests = new ArrayList<>();
        try (HttpServer server = HttpServer.start(directory.resolve("api"), new ApiRouter(new CannedDaemon()))) {
            for (RecordedCase recorded : RecordedCase.all("singleton")) {
                String request = recorded.section("request");
                if (!request.contains(" /api/v2/blobs")) {
                    continue;
                }
                RecordedCase filled = recorded.with("request", request.replace("Content-Length: <LENGTH>\n", ""));
                HttpExchange exchange = HttpExchange.send(server.path(), filled.request());
                boolean wrong =
                        recorded.status() == 400 && !recorded.name().matches(".*-put-(badbackend|nobackend|legacy-.*)");
                tests.add(DynamicTest.dynamicTest(recorded.name(), () -> {
                    if (recorded.name().equals("540-delete-cull")) {
                        assertThat(exchange.status()).isEqualTo(204); // a FUSE daemon of the reference says so, too
                        return;
                    }
                    assertThat(exchange.status()).isEqualTo(wrong ? 400 : 501);
                    assertThat(withoutColumn(exchange.body()).replace("<N>", "N"))
                            .isEqualTo(
                                    wrong
                                            ? recorded.body().replace("column: <N>", "column: N")
                                            : "{\"code\":\"UNDEFINED\",\"message\":\"%sBlobObject(DaemonAbnormal(Unsupported))\"}"
                                                    .formatted(request.startsWith("PUT") ? "Create" : "Delete"));
                }));
            }
        }
        assertThat(tests).hasSizeGreaterThan(30);
        return tests;
    }

    @Test
    void refusesToTellOfBlobsInsteadOfAborting(@TempDir Path directory) throws Exception {
        try (HttpServer server = HttpServer.start(directory.resolve("api"), new ApiRouter(new CannedDaemon()))) {
            HttpExchange exchange = HttpExchange.send(
                    server.path(), "GET /api/v2/blobs?domain_id=d HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(exchange.status()).isEqualTo(501);
        }
    }

    @Test
    void tellsPrometheusWhatIsCounted(@TempDir Path directory) throws Exception {
        try (HttpServer server = HttpServer.start(directory.resolve("api"), new ApiRouter(new CannedDaemon()))) {
            HttpExchange exchange =
                    HttpExchange.send(server.path(), "GET /metrics HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.UTF_8));
            assertThat(exchange.status()).isEqualTo(200);
            assertThat(exchange.head()).contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
            assertThat(exchange.body().lines())
                    .contains(
                            "# TYPE nydus_fs_read_bytes_total counter",
                            "nydus_fs_read_bytes_total{mountpoint=\"/a \\\"b\\\"\"} 5",
                            "nydus_fs_read_duration_seconds_bucket{mountpoint=\"/a \\\"b\\\"\",le=\"0.001\"} 3",
                            "nydus_fs_read_duration_seconds_bucket{mountpoint=\"/a \\\"b\\\"\",le=\"+Inf\"} 7",
                            "nydus_fs_read_duration_seconds_sum{mountpoint=\"/a \\\"b\\\"\"} 1.5",
                            "nydus_backend_read_errors_total{id=\"/\",type=\"localfs\"} 1")
                    .allMatch(line -> line.matches("# (HELP|TYPE) nydus_[a-z_]+"
                            + " .*|nydus_[a-z_]+\\{([a-z]+=\"([^\"\\\\]|\\\\.)*\",?)+} [0-9.]+"));
        }
    }
}
