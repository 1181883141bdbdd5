package io.nydus4j.storage.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.HttpProxySettings;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.config.Secret;
import io.nydus4j.storage.device.ImageReaders;
import io.nydus4j.storage.http.FaultyServer;
import io.nydus4j.storage.http.NginxServer;
import io.nydus4j.storage.http.TestCertificates;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
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

    private void assertReads(String image, String archive, BackendSettings backend) throws Exception {
        ImageReaders.assertReads(image, archive, backend, folder.resolve("work"), READERS);
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
        blobs(folder);
        Path socket = folder.resolve("sock");
        try (NginxServer _ = NginxServer.startOn(folder, socket, "location / { root " + folder + "; }")) {
            assertReads(
                    "v6-zstd-4k",
                    "full.tar",
                    new HttpProxySettings(socket.toString(), "blobs", NetworkSettings.DEFAULT));
        }
    }
}
