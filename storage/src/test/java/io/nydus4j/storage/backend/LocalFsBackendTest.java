package io.nydus4j.storage.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.PositionalSource;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.config.LocalFsSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalFsBackendTest {
    @TempDir
    Path folder;

    private final BackendCounters counters = new BackendCounters("localfs");
    private Path first;
    private Path second;
    private Path third;

    @BeforeEach
    void makeFolders() throws IOException {
        first = Files.createDirectory(folder.resolve("first"));
        second = Files.createDirectory(folder.resolve("second"));
        third = Files.createDirectory(folder.resolve("third"));
    }

    private BlobBackend backend() throws BackendException {
        return BackendFactory.open(
                new LocalFsSettings("", first.toString(), List.of(second.toString(), third.toString())), counters);
    }

    private static String read(PositionalSource source) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(100);
        int count = source.readAt(0, target);
        return new String(target.array(), 0, count, java.nio.charset.StandardCharsets.US_ASCII);
    }

    @Test
    void folderComesBeforeAlternativesInTheirOrder() throws IOException {
        Files.writeString(third.resolve("blob"), "third");
        try (BlobBackend backend = backend()) {
            assertThat(read(backend.open("blob"))).isEqualTo("third");
        }
        Files.writeString(second.resolve("blob"), "second");
        try (BlobBackend backend = backend()) {
            assertThat(read(backend.open("blob"))).isEqualTo("second");
        }
        Files.createFile(first.resolve("blob"));
        try (BlobBackend backend = backend()) {
            assertThat(read(backend.open("blob")))
                    .as("an empty file is passed over")
                    .isEqualTo("second");
        }
        Files.writeString(first.resolve("blob"), "first");
        try (BlobBackend backend = backend()) {
            assertThat(read(backend.open("blob"))).isEqualTo("first");
        }
    }

    @Test
    void blobFileCountsForEveryId() throws IOException {
        Path file = Files.writeString(folder.resolve("one"), "content");
        LocalFsSettings settings = new LocalFsSettings(file.toString(), first.toString(), List.of());
        try (BlobBackend backend = BackendFactory.open(settings, counters)) {
            assertThat(read(backend.open("whatever"))).isEqualTo("content");
            assertThat(backend.open("whatever").size()).isEqualTo(7);
        }
    }

    @Test
    void missingBlobNamesThePlaces() throws IOException {
        Files.createDirectory(first.resolve("folder"));
        try (BlobBackend backend = backend()) {
            assertThatThrownBy(() -> backend.open("blob"))
                    .isInstanceOf(BackendException.class)
                    .hasMessageContaining("blob")
                    .hasMessageContaining(first.toString())
                    .hasMessageContaining(third.toString());
            assertThatThrownBy(() -> backend.open("folder")).isInstanceOf(BackendException.class);
        }
    }

    @Test
    void idCannotLeaveTheFolder() throws IOException {
        Files.writeString(folder.resolve("secret"), "secret");
        try (BlobBackend backend = backend()) {
            for (String id :
                    List.of("../secret", "..", ".", "", folder.resolve("secret").toString(), "a\0b")) {
                assertThatThrownBy(() -> backend.open(id)).as(id).isInstanceOf(BackendException.class);
            }
        }
    }

    @Test
    void removedBlobStaysReadable() throws IOException {
        Path file = Files.writeString(first.resolve("blob"), "content");
        try (BlobBackend backend = backend()) {
            PositionalSource source = backend.open("blob");
            Files.delete(file);
            assertThat(read(source)).isEqualTo("content");
            assertThat(read(backend.open("blob"))).isEqualTo("content");
        }
    }

    @Test
    void interruptedReaderDoesNotCloseTheFileForOthers() throws Exception {
        Files.writeString(first.resolve("blob"), "content");
        try (BlobBackend backend = backend()) {
            PositionalSource source = backend.open("blob");
            Thread hasty = Thread.ofPlatform().start(() -> {
                Thread.currentThread().interrupt();
                assertThatThrownBy(() -> read(source)).isInstanceOf(ClosedByInterruptException.class);
            });
            hasty.join();
            assertThat(read(source)).isEqualTo("content");
        }
    }

    @Test
    void readsAreCounted() throws IOException {
        Files.writeString(first.resolve("blob"), "content");
        try (BlobBackend backend = backend()) {
            read(backend.open("blob"));
            backend.open("blob").readAt(0, ByteBuffer.allocate(200_000));
        }
        BackendCounters.Snapshot counts = counters.snapshot();
        assertThat(counts.backendType()).isEqualTo("localfs");
        assertThat(counts.readCount()).isEqualTo(2);
        assertThat(counts.readErrors()).isZero();
        assertThat(counts.readAmountTotal()).isEqualTo(200_100);
        assertThat(counts.readCountBlockSizeDist()).containsExactly(1L, 0L, 0L, 0L, 0L, 1L, 0L, 0L);
    }

    @Test
    void classesOfSizeAndLatencyAreTheReferences() {
        long[] sizes = {
            0, 1023, 1024, 4095, 4096, 16383, 16384, 65535, 65536, 131071, 131072, 524287, 524288, 1048575, 1048576
        };
        int[] sizeClasses = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7};
        for (int i = 0; i < sizes.length; i++) {
            assertThat(BackendCounters.sizeClass(sizes[i]))
                    .as("size " + sizes[i])
                    .isEqualTo(sizeClasses[i]);
        }
        long[] latencies = {0, 1, 2, 20, 21, 50, 51, 100, 101, 500, 501, 1000, 1001, 2000, 2001};
        int[] latencyClasses = {0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7};
        for (int i = 0; i < latencies.length; i++) {
            assertThat(BackendCounters.latencyClass(latencies[i]))
                    .as("latency " + latencies[i])
                    .isEqualTo(latencyClasses[i]);
        }
    }
}
