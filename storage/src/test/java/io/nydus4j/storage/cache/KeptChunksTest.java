package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.storage.TestStores;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an earlier process left in the cache is read whatever becomes of servers. */
final class KeptChunksTest {
    @TempDir
    private Path folder;

    private DigestlessBlob blob;

    @BeforeEach
    void makeBlob() throws IOException {
        blob = new DigestlessBlob(folder);
    }

    private void read() {
        try {
            blob.assertReads(TestStores.inFiles(folder, folder.resolve("cache")));
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
