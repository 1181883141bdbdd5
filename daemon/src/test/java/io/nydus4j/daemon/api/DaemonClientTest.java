package io.nydus4j.daemon.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.endpoint.ApiRouter;
import io.nydus4j.daemon.endpoint.CannedDaemon;
import io.nydus4j.daemon.http.HttpServer;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class DaemonClientTest {
    @TempDir
    Path directory;

    @Test
    void asksADaemon() throws Exception {
        try (HttpServer server = HttpServer.start(directory.resolve("api"), new ApiRouter(new CannedDaemon()))) {
            DaemonClient client = new DaemonClient(server.path());
            assertThat(client.info().state()).isEqualTo(DaemonState.RUNNING);
            client.setLogLevel("debug");
            assertThatThrownBy(() -> client.setLogLevel("loud"))
                    .isInstanceOf(ApiException.class)
                    .hasMessage("Request failed. Object {\"code\": String(\"UNDEFINED\"), \"message\": "
                            + "String(\"Configure(ResponsePayloadType)\")}");
            assertThatThrownBy(() -> client.backendMetrics(Optional.of("/a b")))
                    .isInstanceOf(ApiException.class)
                    .hasMessageContaining("NoCounter");
        }
    }

    @Test
    void saysThatThereIsNoDaemon() {
        assertThatThrownBy(() -> new DaemonClient(directory.resolve("none")).info())
                .isInstanceOf(IOException.class);
    }

    @Test
    void refusesAnswersThatAreNone() throws Exception {
        for (String answer : new String[] {
            "",
            "nonsense\r\n\r\n",
            "HTTP/1.1 xyz \r\n\r\n",
            "HTTP/1.1 200 \r\nContent-Length: -5\r\n\r\n",
            "HTTP/1.1 200 \r\nContent-Length: 99999999999\r\n\r\n",
            "HTTP/1.1 200 \r\nContent-Length: 50\r\n\r\n{}",
            "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{x"
        }) {
            Path socket = directory.resolve("raw" + answer.hashCode());
            try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                listener.bind(UnixDomainSocketAddress.of(socket));
                Thread server = Thread.ofVirtual().start(() -> {
                    try (SocketChannel channel = listener.accept()) {
                        channel.read(ByteBuffer.allocate(1000));
                        channel.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
                    } catch (IOException e) {
                        throw new AssertionError(e);
                    }
                });
                assertThatThrownBy(() -> new DaemonClient(socket).info())
                        .as(answer)
                        .isInstanceOf(IOException.class);
                server.join();
            }
        }
    }
}
