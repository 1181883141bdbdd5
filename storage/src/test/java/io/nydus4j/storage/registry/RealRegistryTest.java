package io.nydus4j.storage.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.Requirements;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import io.nydus4j.storage.http.FaultyServer;
import io.nydus4j.storage.http.TestCertificates;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole images from servers that are not ours, by many readers at once: every file is equal, every byte is fetched once. */
@Timeout(60)
final class RealRegistryTest {
    private static final int READERS = 8;

    @TempDir
    Path folder;

    private StorageConfiguration configuration(BackendSettings backend) {
        return StorageConfiguration.of(
                backend,
                new CacheConfiguration(
                        "filecache",
                        false,
                        false,
                        PrefetchConfiguration.ABSENT,
                        Optional.of(FileCacheSettings.in(folder.resolve("work").toString())),
                        Optional.empty()));
    }

    private static RegistrySettings registry(RegistryServer server, String auth) {
        return new RegistrySettings(
                "http",
                server.host(),
                "test/image",
                Optional.of(new Secret(auth)),
                Optional.empty(),
                "",
                "",
                NetworkSettings.DEFAULT);
    }

    /** Reads all files in several threads at once, each in another order. */
    private void assertReads(String image, String archive, BackendSettings backend) throws Exception {
        Map<String, byte[]> expected = GoldenTree.of(archive);
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(bootstrap, configuration(backend))) {
            List<Map.Entry<String, Inode>> files =
                    new ArrayList<>(GoldenBlobs.files(bootstrap).entrySet());
            List<Thread> readers = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                int start = files.size() * i / READERS;
                readers.add(Thread.ofVirtual().start(() -> {
                    try {
                        for (int k = 0; k < files.size(); k++) {
                            Map.Entry<String, Inode> file = files.get((start + k) % files.size());
                            byte[] content = expected.get(file.getKey());
                            ByteBuffer target = ByteBuffer.allocate(content.length + 1);
                            device.read(file.getValue(), 0, target);
                            if (!Arrays.equals(content, Arrays.copyOf(target.array(), target.position()))) {
                                throw new AssertionError(file.getKey() + " differs");
                            }
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread reader : readers) {
                reader.join();
            }
        }
        assertThat(failures).isEmpty();
    }

    private static List<Path> blobs(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(GoldenBlobs.linkAll(folder.resolve("blobs")))) {
            return files.toList();
        }
    }

    private RegistryServer startRegistry(String more) throws IOException {
        RegistryServer server = RegistryServer.start(folder, more);
        for (Path blob : blobs(folder)) {
            server.put("test/image", blob.getFileName().toString(), blob.toRealPath());
        }
        return server;
    }

    @ParameterizedTest
    @CsvSource({
        "v6-zstd-4k, full.tar",
        "v6-batch, full.tar",
        "v6-encrypt, full.tar",
        "v5-lz4-4k, full.tar",
        "targz-ref, tree.tar"
    })
    void imageReadsEqualFromARegistryAndEachByteIsFetchedOnce(String image, String archive) throws Exception {
        try (RegistryServer server = startRegistry("")) {
            assertReads(image, archive, registry(server, ""));
            Thread.sleep(100);
            long fetched = 0;
            for (RegistryServer.Access access : server.accesses()) {
                assertThat(access.status()).isIn(200, 206);
                fetched += access.method().equals("GET") ? access.bytes() : 0;
            }
            long size = 0;
            try (Bootstrap bootstrap = GoldenBlobs.load(image)) {
                for (var blob : bootstrap.blobs()) {
                    size += Files.size(folder.resolve("blobs").resolve(blob.effectiveId()));
                }
            }
            assertThat(fetched).isPositive().isLessThanOrEqualTo(size * 105 / 100);
        }
    }

    @Test
    void imageReadsEqualFromARegistryWithATokenService() throws Exception {
        TestCertificates certificates = TestCertificates.of("localhost", folder);
        try (FaultyServer tokens = FaultyServer.start()) {
            tokens.answer((request, answer) -> {
                boolean known = request.header("authorization").equals(Optional.of("Basic bWU6cHc="));
                String access =
                        known ? "[{\"type\":\"repository\",\"name\":\"test/image\",\"actions\":[\"pull\"]}]" : "[]";
                answer.send(200, "{\"token\":\"" + token(certificates, access) + "\",\"expires_in\":2}");
            });
            String auth = """
                    auth:
                      token:
                        realm: %s/token
                        service: test
                        issuer: issuer
                        rootcertbundle: %s
                    """.formatted(tokens.address(), certificates.pem());
            try (RegistryServer server = startRegistry(auth)) {
                assertReads("v6-zstd-4k", "full.tar", registry(server, "bWU6cHc="));
                assertThat(tokens.requests().size()).isBetween(1, 4);
                assertThat(tokens.requests().getFirst().path()).contains("scope=repository%3Atest%2Fimage%3Apull");
            }
        }
    }

    private static String token(TestCertificates certificates, String access) throws IOException {
        Base64.Encoder plain = Base64.getUrlEncoder().withoutPadding();
        try {
            String chain = Base64.getEncoder()
                    .encodeToString(
                            certificates.keyStore().getCertificate("server").getEncoded());
            long now = Instant.now().getEpochSecond();
            String head = "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5c\":[\"" + chain + "\"]}";
            String claims = "{\"iss\":\"issuer\",\"sub\":\"me\",\"aud\":\"test\",\"exp\":" + (now + 60) + ",\"nbf\":"
                    + (now - 60) + ",\"iat\":" + now + ",\"jti\":\"1\",\"access\":" + access + "}";
            String text = plain.encodeToString(head.getBytes(StandardCharsets.UTF_8)) + "."
                    + plain.encodeToString(claims.getBytes(StandardCharsets.UTF_8));
            Signature signature = Signature.getInstance("SHA256withRSA");
            signature.initSign((PrivateKey) certificates.keyStore().getKey("server", TestCertificates.PASSWORD));
            signature.update(text.getBytes(StandardCharsets.UTF_8));
            return text + "." + plain.encodeToString(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    @Test
    void imageReadsEqualFromNginxOverAUnixSocket() throws Exception {
        Requirements.program("nginx");
        blobs(folder);
        Path socket = folder.resolve("sock");
        Path configuration = folder.resolve("nginx.conf");
        Files.writeString(configuration, """
                daemon off;
                pid %1$s/pid;
                error_log stderr;
                events {}
                http {
                  access_log off;
                  client_body_temp_path %1$s; proxy_temp_path %1$s; fastcgi_temp_path %1$s;
                  uwsgi_temp_path %1$s; scgi_temp_path %1$s;
                  server { listen unix:%2$s; location / { root %1$s; } }
                }
                """.formatted(folder, socket));
        folder.toFile().setExecutable(true, false);
        folder.toFile().setReadable(true, false);
        List<String> command =
                new ArrayList<>(List.of("nginx", "-p", folder.toString(), "-c", configuration.toString()));
        if (Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
            command.addAll(List.of("-g", "user root;"));
        }
        Process nginx = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("nginx.log").toFile())
                .start();
        try {
            for (int i = 0; i < 100 && !Files.exists(socket); i++) {
                Thread.sleep(50);
            }
            assertThat(socket).as(Files.readString(folder.resolve("nginx.log"))).exists();
            assertReads(
                    "v6-zstd-4k",
                    "full.tar",
                    new HttpProxySettings(socket.toString(), "blobs", NetworkSettings.DEFAULT));
        } finally {
            nginx.destroy();
            nginx.waitFor(5, TimeUnit.SECONDS);
            nginx.destroyForcibly();
        }
    }
}
