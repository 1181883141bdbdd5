package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an earlier process left in the cache is read whatever becomes of servers. */
final class KeptChunksTest {
    private static final String ID = new Digest(1, 2, 3, 4).toString();
    private static final byte[] CONTENT = new byte[64 << 10];

    @TempDir
    private Path folder;

    @BeforeEach
    void makeBlob() throws IOException {
        new Random(11).nextBytes(CONTENT);
        Files.write(folder.resolve(ID), CONTENT);
    }

    private void read() {
        BlobInfo blob = BlobInfo.builder()
                .id(ID)
                .chunkSize(1 << 20)
                .chunkCount(1)
                .compressedSize(CONTENT.length)
                .uncompressedSize(CONTENT.length)
                .build();
        ChunkRecord chunk =
                new ChunkRecord(new Digest(0, 0, 0, 0), 0, 0, CONTENT.length, CONTENT.length, 0, 0, 0, 0, 0);
        try (BlobOpener opener = BlobOpener.of(
                        TestStores.inFiles(folder, folder.resolve("cache")),
                        new TestBackend(folder),
                        new CacheCounters(""),
                        CacheSurroundings.NONE);
                LazyBlob opened = opener.open(blob, () -> List.of(chunk))) {
            ByteBuffer target = ByteBuffer.allocate(CONTENT.length);
            opened.read(0, target);
            assertThat(target.array()).isEqualTo(CONTENT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void readersOfServersThatDoNotAnswerDoNotHoldUpThoseOfWhatIsKept() throws InterruptedException {
        read();
        try (NativeBuffers.Reservation _ = NativeBuffers.SHARED.reserve(Long.MAX_VALUE / 2)) { // all there is
            Thread reader = Thread.ofVirtual().start(this::read);
            assertThat(reader.join(Duration.ofSeconds(20))).isTrue();
        }
    }
}
