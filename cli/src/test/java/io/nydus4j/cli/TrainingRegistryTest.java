package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.NetworkSettings;
import io.nydus4j.storage.config.ProxySettings;
import io.nydus4j.storage.config.RegistrySettings;
import io.nydus4j.storage.http.TestCertificates;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The registry of the daemon's training run: what fails there teaches the start-up cache nothing. */
class TrainingRegistryTest {
    private static final String ID = "0123456789abcdef".repeat(4);

    @TempDir
    Path folder;

    @Test
    void theDaemonsBackendReadsItInPlainTextAndByTls() throws IOException, GeneralSecurityException {
        byte[] content = new byte[70_000];
        new Random(5).nextBytes(content);
        Files.write(folder.resolve(ID), content);
        TestCertificates certificates = TestCertificates.of("localhost", folder);
        TrainingRegistry.Ports ports = TrainingRegistry.start(folder, certificates.context());
        NetworkSettings network = new NetworkSettings(
                false, List.of(certificates.pem().toString()), 5, 5, 0, ProxySettings.DEFAULT, List.of(), 0);
        assertReads(content, "http", ports.plain(), network);
        assertReads(content, "https", ports.secure(), network);
    }

    private static void assertReads(byte[] content, String scheme, int port, NetworkSettings network)
            throws IOException {
        RegistrySettings settings = new RegistrySettings(
                scheme, "localhost:" + port, "training", Optional.empty(), Optional.empty(), "", "", network);
        try (BlobBackend backend = BackendFactory.open(settings, new BackendCounters("test"))) {
            PositionalSource blob = backend.open(ID);
            assertThat(blob.size()).isEqualTo(content.length);
            ByteBuffer found = ByteBuffer.allocate(content.length);
            assertThat(blob.readAt(0, found.limit(1000))).isEqualTo(1000);
            assertThat(blob.readAt(1000, found.limit(content.length))).isEqualTo(content.length - 1000);
            assertThat(found.array()).isEqualTo(content);
        }
    }
}
