package io.nydus4j.daemon.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestReaderTest {
    private static final String VALID =
            "PUT /api/v1/daemon?id=%2F&id=x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\nbody";

    @Test
    void readsQueriesDecodedAndTheFirstOfSeveral() {
        HttpRequest request = new HttpRequest(HttpMethod.GET, "http://h/a/b?x=1+2&id=%2F&id=y&e=&f#z", new byte[0]);
        assertThat(request.path()).isEqualTo("/a/b");
        assertThat(request.query("id")).isEqualTo(Optional.of("/"));
        assertThat(request.query("x")).isEqualTo(Optional.of("1 2"));
        assertThat(request.query("e")).isEqualTo(Optional.of(""));
        assertThat(request.query("f")).isEqualTo(Optional.of(""));
        assertThat(request.query("none")).isEmpty();
        assertThat(new HttpRequest(HttpMethod.GET, "api/x", new byte[0]).path()).isEmpty();
        assertThat(new HttpRequest(HttpMethod.GET, "/a?q=%zz", new byte[0]).query("q"))
                .isEqualTo(Optional.of("%zz"));
    }

    @Test
    void survivesRandomChangesOfARequest() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int run = 0; run < 20_000; run++) {
            byte[] bytes = VALID.getBytes(StandardCharsets.UTF_8);
            for (int i = random.nextInt(6); i >= 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            assertThatCode(() -> read(bytes)).as("seed " + seed).doesNotThrowAnyException();
        }
    }

    private static void read(byte[] bytes) {
        RequestReader reader = new RequestReader();
        reader.take(ByteBuffer.wrap(bytes));
        for (int i = 0; i < 10; i++) {
            try {
                HttpRequest request = reader.next();
                if (request == null && !reader.takeExpectation()) {
                    return;
                }
                if (request != null) {
                    assertThat(request.path()).isNotNull();
                    assertThat(request.query("id")).isNotNull();
                }
            } catch (MalformedRequestException e) {
                if (!e.framed()) {
                    return;
                }
            }
        }
    }
}
