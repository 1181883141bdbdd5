package io.nydus4j.storage.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.http.FaultyServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blobs of plain HTTP servers. */
final class HttpProxyBackendTest {
    private static final byte[] CONTENT = new byte[100_000];

    static {
        new Random(3).nextBytes(CONTENT);
    }

    private static void assertReads(String address, String path) throws IOException {
        HttpProxySettings settings = new HttpProxySettings(address, path, NetworkSettings.DEFAULT);
        try (BlobBackend backend = BackendFactory.open(settings, new BackendCounters("http-proxy"))) {
            assertThat(backend.open("id").size()).isEqualTo(CONTENT.length);
            ByteBuffer buffer = ByteBuffer.allocate(1000);
            backend.open("id").readFully(99_000, buffer);
            assertThat(buffer.flip())
                    .isEqualTo(ByteBuffer.wrap(CONTENT, 99_000, 1000).slice());
        }
    }

    @ParameterizedTest
    @CsvSource({"'', '', /id", "/, '', /id", "'', /a/b, /a/b/id", "/, a/b/, /a/b/id", "/x/, /a, /x/a/id"})
    void blobsAreAskedForBelowThePath(String end, String path, String expected) throws IOException {
        try (FaultyServer server = FaultyServer.start().with("id", CONTENT)) {
            assertReads(server.address() + end, path);
            assertThat(server.requests()).extracting(FaultyServer.Request::path).containsOnly(expected);
        }
    }

    @Test
    void blobsAreReadOverAUnixSocket(@TempDir Path folder) throws IOException {
        try (FaultyServer server = FaultyServer.startOn(folder.resolve("sock")).with("id", CONTENT)) {
            assertReads(server.address(), "some/where");
            assertThat(server.requests()).extracting(FaultyServer.Request::path).containsOnly("/some/where/id");
        }
    }

    @Test
    void descriptionHoldsNoPassword() throws BackendException {
        HttpProxySettings settings = new HttpProxySettings("http://me:hidden@localhost:1", "", NetworkSettings.DEFAULT);
        try (BlobBackend backend = BackendFactory.open(settings, new BackendCounters("http-proxy"))) {
            assertThat(backend.description()).isEqualTo("http-proxy http://localhost:1");
        }
        assertThat(settings.toString()).doesNotContain("hidden");
    }
}
