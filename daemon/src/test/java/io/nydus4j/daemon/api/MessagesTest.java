package io.nydus4j.daemon.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.RecordedCase;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class MessagesTest {
    private static String digits(String body) {
        return body.replace("<N>", "7").replace("<LATENCIES>", "[1,2,3,4,5,6,7,8]");
    }

    private static void add(List<DynamicTest> tests, RecordedCase recorded, UnaryOperator<String> through) {
        tests.add(DynamicTest.dynamicTest(recorded.name(), () -> {
            String body = digits(recorded.body());
            assertThat(through.apply(body)).isEqualTo(body);
        }));
    }

    private static JsonValue parse(String text) {
        try {
            return JsonValue.parse(text);
        } catch (JsonException e) {
            throw new AssertionError(text, e);
        }
    }

    @TestFactory
    List<DynamicTest> writesWhatItReadsOfTheReferenceToTheByte() {
        List<DynamicTest> tests = new ArrayList<>();
        for (RecordedCase recorded : RecordedCase.all("fuse-v6")) {
            String request = recorded.section("request").lines().findFirst().orElse("");
            if (recorded.status() != 200) {
                continue;
            }
            if (request.startsWith("GET /api/v1/metrics/backend")) {
                add(tests, recorded, body -> BackendMetrics.of(parse(body)).toJson());
            } else if (request.startsWith("GET /api/v1/metrics/blobcache")) {
                add(tests, recorded, body -> BlobCacheMetrics.of(parse(body)).toJson());
            } else if (request.startsWith("GET /api/v1/metrics ") || request.startsWith("GET /api/v1/metrics?")) {
                add(tests, recorded, body -> FileSystemMetrics.of(parse(body)).toJson());
            } else if (request.contains("/api/v2/daemon ")) {
                add(tests, recorded, body -> DaemonInfo.of(parse(body)).toJson());
            }
        }
        assertThat(tests).hasSizeGreaterThan(12);
        return tests;
    }

    @Test
    void keepsEveryMemberOfTheListOfMounts() {
        RecordedCase recorded = RecordedCase.all("fuse-v6").getFirst();
        JsonValue document = parse(recorded.body());
        assertThat(parse(DaemonInfo.of(document).toJson())).isEqualTo(document);
    }

    @Test
    void joinsNeighboursOfInodesReadOfLate() {
        assertThat(InodeRanges.toJson(List.of())).isEqualTo("[]");
        assertThat(InodeRanges.toJson(List.of(3L, 5L, 6L, 7L, 9L))).isEqualTo("[[3],[5,7],[9]]");
    }

    @Test
    void writesUnsignedNumbers() {
        assertThat(InflightRequest.toJson(List.of(new InflightRequest(-1, 15, 1L << 63, 5))))
                .isEqualTo("[{\"inode\":18446744073709551615,\"opcode\":15,\"unique\":9223372036854775808,"
                        + "\"timestamp_secs\":5}]");
    }

    @Test
    void sortsMembersAndKeepsNumbersAsWritten() throws Exception {
        String text = "{\"b\":[1,2.50,-3e7,null,true],\"a\":\"\\u00e4\\n\"}";
        assertThat(JsonValue.parse(text).toJson()).isEqualTo("{\"a\":\"ä\\n\",\"b\":[1,2.50,-3e7,null,true]}");
        assertThat(DebugText.of(JsonValue.parse("{\"a\":[\"x\\\"y\",1,null,true]}")))
                .isEqualTo("Object {\"a\": Array [String(\"x\\\"y\"), Number(1), Null, Bool(true)]}");
    }

    @Test
    void refusesWhatIsNotOneJsonValue() {
        for (String text : List.of("", " ", "{", "[1", "nonsense", "{} x", "\"a", "{\"a\":", "[1,]", "{1:2}", "01")) {
            assertThatThrownBy(() -> JsonValue.parse(text)).as(text).isInstanceOf(JsonException.class);
        }
    }

    @Test
    void refusesDepthThatWouldOverflowTheStack() {
        assertThatThrownBy(() -> JsonValue.parse("[".repeat(50_000))).isInstanceOf(JsonException.class);
    }

    @Test
    void readsMountRequests() throws Exception {
        MountRequest request = MountRequest.of(
                JsonValue.parse("{\"source\":\"b\",\"config\":\"{}\",\"prefetch_files\":[\"/\"],\"x\":1}"));
        assertThat(request.source()).isEqualTo("b");
        assertThat(request.type()).isEmpty();
        assertThat(request.prefetchFiles()).contains(List.of("/"));
        assertThat(MountRequest.of(JsonValue.parse(request.toJson()))).isEqualTo(request);
        assertThatThrownBy(() -> MountRequest.of(JsonValue.parse("{\"source\":\"b\",\"config\":{}}")))
                .hasMessageContaining("invalid type: map, expected a string");
        assertThatThrownBy(() -> MountRequest.of(JsonValue.parse("{\"source\":\"b\"}")))
                .hasMessageContaining("missing field `config`");
    }
}
