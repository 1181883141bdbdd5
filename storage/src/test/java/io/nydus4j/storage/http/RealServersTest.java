package io.nydus4j.storage.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.MirrorSettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.ProxySettings;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.device.ImageReaders;
import io.nydus4j.storage.registry.RegistryServer;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Images from real servers by real ways: plain HTTP and HTTPS, a mirror, HTTP proxies and their tunnels, SOCKS. Every file is equal, and
 * no byte is sent twice however many readers there are.
 */
@Timeout(60)
final class RealServersTest {
    private static final String IMAGE = "v6-zstd-4k";
    private static final String ARCHIVE = "full.tar";
    private static final int READERS = 16;

    @TempDir
    Path folder;

    private Path blobs;

    @BeforeEach
    void linkBlobs() throws IOException {
        blobs = GoldenBlobs.linkAll(folder.resolve("blobs"));
    }

    private String serveFolder() {
        return "location / { root " + folder + "; }";
    }

    /** What an nginx says of itself that passes every request on to the host that it names. */
    private static String serveAsProxy() {
        return "location / { proxy_pass http://$http_host$request_uri; proxy_http_version 1.1; }";
    }

    private static NetworkSettings network(ProxySettings proxy, List<MirrorSettings> mirrors, Path... certificates) {
        return new NetworkSettings(
                false, Arrays.stream(certificates).map(Path::toString).toList(), 10, 10, 0, proxy, mirrors, 0);
    }

    private static ProxySettings through(String url) {
        return new ProxySettings(url, "", false, 1, false, 300, "");
    }

    private static RegistrySettings registry(RegistryServer server, NetworkSettings network) {
        return new RegistrySettings(
                "http", server.host(), "test/image", Optional.of(new Secret("")), Optional.empty(), "", "", network);
    }

    private RegistryServer startRegistry() throws IOException {
        RegistryServer server = RegistryServer.start(folder);
        try (Stream<Path> files = Files.list(blobs)) {
            for (Path blob : files.toList()) {
                server.put("test/image", blob.getFileName().toString(), blob.toRealPath());
            }
        }
        return server;
    }

    private void assertReads(String image, String archive, BackendSettings backend) throws Exception {
        ImageReaders.assertReads(image, archive, backend, folder.resolve("work"), READERS);
        Thread.sleep(100); // until the last access is in the server's log
    }

    private List<Path> blobsOf(String image) throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image)) {
            return bootstrap.blobs().stream()
                    .map(blob -> blobs.resolve(blob.effectiveId()))
                    .toList();
        }
    }

    private void assertSentOnce(NginxServer server, String image) throws IOException {
        for (Path blob : blobsOf(image)) {
            int[] times = server.timesSent(blob.getFileName().toString(), Files.size(blob));
            assertThat(times)
                    .as("times that each byte of " + blob + " was sent")
                    .contains(1);
            assertThat(Arrays.stream(times).filter(count -> count > 1).count())
                    .as("bytes sent twice")
                    .isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"v6-zstd-4k, full.tar", "v6-batch, full.tar", "v5-lz4-4k, full.tar", "targz-ref, tree.tar"})
    void imageReadsEqualFromPlainHttp(String image, String archive) throws Exception {
        int port = NginxServer.freePort();
        try (NginxServer server = NginxServer.start(folder, port, serveFolder())) {
            assertReads(
                    image,
                    archive,
                    new HttpProxySettings("http://127.0.0.1:" + port, "blobs", NetworkSettings.DEFAULT));
            assertSentOnce(server, image);
        }
    }

    @Test
    void imageReadsEqualFromHttpsThroughTheTunnelOfAProxyThatWantsAPassword() throws Exception {
        TestCertificates certificates = TestCertificates.of("localhost", folder);
        int port = NginxServer.freePort();
        try (NginxServer server = NginxServer.startTls(folder, port, certificates, serveFolder());
                TinyProxy proxy = TinyProxy.start(folder, "me", "secret")) {
            NetworkSettings network =
                    network(through("http://me:secret@" + proxy.host()), List.of(), certificates.pem());
            assertReads(IMAGE, ARCHIVE, new HttpProxySettings("https://localhost:" + port, "blobs", network));
            assertSentOnce(server, IMAGE);
            assertThat(proxy.requests())
                    .isNotEmpty()
                    .allSatisfy(request -> assertThat(request).startsWith("CONNECT localhost:" + port + " "));
            NetworkSettings stranger =
                    network(through("http://me:wrong@" + proxy.host()), List.of(), certificates.pem());
            try (BlobBackend backend = BackendFactory.open(
                    new HttpProxySettings("https://localhost:" + port, "blobs", stranger), new BackendCounters("t"))) {
                assertThatThrownBy(() -> backend.open(
                                        blobsOf(IMAGE).getFirst().getFileName().toString())
                                .size())
                        .hasMessageContaining("401") // what this proxy says instead of 407
                        .hasMessageNotContaining("wrong");
            }
        }
    }

    @Test
    void imageReadsEqualFromARegistryThroughAProxyThatWantsAPassword() throws Exception {
        try (RegistryServer server = startRegistry();
                TinyProxy proxy = TinyProxy.start(folder, "me", "secret")) {
            NetworkSettings network = network(through("http://me:secret@" + proxy.host()), List.of());
            assertReads(IMAGE, ARCHIVE, registry(server, network));
            assertThat(proxy.requests().stream()
                            .filter(request -> request.startsWith("GET http://" + server.host() + "/v2/")))
                    .as("requests for data at the proxy")
                    .hasSizeGreaterThanOrEqualTo(reads(server));
            assertThat(reads(server)).isPositive();
        }
    }

    private static int reads(RegistryServer server) {
        return (int) server.accesses().stream()
                .filter(access -> access.method().equals("GET") && access.path().contains("/blobs/"))
                .count();
    }

    /** The same proxy by its two kinds of address. */
    @ParameterizedTest
    @ValueSource(strings = {"http", "https"})
    void imageReadsEqualFromARegistryThroughNginx(String scheme) throws Exception {
        TestCertificates certificates = TestCertificates.of("localhost", folder);
        int port = NginxServer.freePort();
        String passOn = serveAsProxy();
        try (RegistryServer server = startRegistry();
                NginxServer proxy = scheme.equals("http")
                        ? NginxServer.start(folder, port, passOn)
                        : NginxServer.startTls(folder, port, certificates, passOn)) {
            NetworkSettings network = network(through(scheme + "://localhost:" + port), List.of(), certificates.pem());
            assertReads(IMAGE, ARCHIVE, registry(server, network));
            assertSentOnce(proxy, IMAGE);
            assertThat(reads(server)).as("what passed the proxy by").isEqualTo((int) proxy.accesses().stream()
                    .filter(access ->
                            access.method().equals("GET") && access.path().contains("/blobs/"))
                    .count());
        }
    }

    @Test
    void imageReadsEqualThroughSocks() throws Exception {
        int port = NginxServer.freePort();
        try (NginxServer server = NginxServer.start(folder, port, serveFolder());
                SocksServer socks = new SocksServer()) {
            NetworkSettings network = network(through("socks5://" + socks.host()), List.of());
            assertReads(IMAGE, ARCHIVE, new HttpProxySettings("http://localhost:" + port, "blobs", network));
            assertSentOnce(server, IMAGE);
            assertThat(socks.connections()).isPositive();
        }
    }

    @Test
    void passwordForSocksIsRefusedByNameAndNotShown() {
        assertThatThrownBy(() ->
                        HttpTransport.through(NetworkSettings.DEFAULT, URI.create("socks5://me:hidden@localhost:1")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("SOCKS")
                .hasMessageContaining("socks5://localhost:1")
                .hasMessageNotContaining("hidden");
    }

    /** Serves a registry's paths from the folder, as a mirror does. */
    private String serveAsMirror() {
        return "location = /ping { return 200; } location ~ ^/v2/test/image/blobs/sha256:(.*)$ { alias " + blobs
                + "/$1; }";
    }

    private static RegistrySettings mirrored(RegistryServer server, int port) {
        String address = "http://127.0.0.1:" + port;
        MirrorSettings mirror = new MirrorSettings(address, address + "/ping", Map.of(), 1, 2);
        return registry(server, network(ProxySettings.DEFAULT, List.of(mirror)));
    }

    @Test
    void imageReadsEqualFromAMirrorAndWithoutOne() throws Exception {
        int port = NginxServer.freePort();
        try (RegistryServer server = startRegistry()) {
            try (NginxServer mirror = NginxServer.start(folder, port, serveAsMirror())) {
                assertReads(IMAGE, ARCHIVE, mirrored(server, port));
                assertSentOnce(mirror, IMAGE);
                assertThat(reads(server)).as("requests at the registry").isZero();
            }
            assertReads("v6-none-4k", ARCHIVE, mirrored(server, port));
            assertThat(reads(server)).as("requests at the registry").isPositive();
        }
    }

    @Test
    void mirrorThatWentAndCameBackIsUsedAgain() throws Exception {
        int port = NginxServer.freePort();
        Path blob = blobsOf(IMAGE).getFirst();
        byte[] content = Files.readAllBytes(blob);
        NginxServer first = NginxServer.start(folder, port, serveAsMirror());
        try (RegistryServer server = startRegistry();
                BlobBackend backend = BackendFactory.open(mirrored(server, port), new BackendCounters("registry"))) {
            PositionalSource source = backend.open(blob.getFileName().toString());
            assertReads(source, content, 0);
            Thread.sleep(100);
            assertThat(first.timesSent(blob.getFileName().toString(), content.length)[0])
                    .isEqualTo(1);
            first.close();
            for (int i = 1; i < 5; i++) {
                assertReads(source, content, i * 1000);
            }
            Thread.sleep(100);
            assertThat(reads(server))
                    .as("requests at the registry while the mirror was down")
                    .isEqualTo(4);
            try (NginxServer mirror = NginxServer.start(folder, port, serveAsMirror())) {
                long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
                while (mirror.accesses().stream()
                        .noneMatch(access ->
                                access.path().endsWith(blob.getFileName().toString()))) {
                    assertThat(System.nanoTime())
                            .as("the mirror is asked again")
                            .isLessThan(end);
                    assertReads(source, content, 10_000);
                    Thread.sleep(50);
                }
            }
        } finally {
            first.close();
        }
    }

    private static void assertReads(PositionalSource source, byte[] content, int position) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        source.readFully(position, buffer);
        assertThat(buffer.flip())
                .isEqualTo(ByteBuffer.wrap(content, position, 1000).slice());
    }
}
