package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.Pin;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a lazy blob says of where bytes came from, to several readers at once. */
@Timeout(60)
final class DataOriginTest {
    private static final int LENGTH = 4096;

    private static Path blobs;

    @TempDir
    Path work;

    private Bootstrap bootstrap;
    private TestBackend backend;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    @BeforeEach
    void open() throws IOException {
        bootstrap = GoldenBlobs.load("v6-none-4k");
        backend = new TestBackend(blobs);
    }

    @AfterEach
    void close() {
        bootstrap.close();
    }

    private BlobDevice device(StorageConfiguration configuration) throws IOException {
        return BlobDevice.open(bootstrap, configuration, backend);
    }

    private static DataOrigin ensured(LazyBlob blob, long offset) throws IOException {
        try (Pin pin = blob.ensure(offset, LENGTH)) {
            return pin.origin();
        }
    }

    @Test
    void fetchedThenReadyThenChecked() throws IOException {
        for (long budget : new long[] {0, 1 << 24}) {
            Path folder = work.resolve("budget" + budget);
            try (BlobDevice device = device(TestStores.budget(blobs, folder, budget))) {
                assertThat(ensured(device.blob(0), 0)).isEqualTo(DataOrigin.BACKEND);
                assertThat(ensured(device.blob(0), 0)).isEqualTo(DataOrigin.READY);
            }
            try (BlobDevice device = device(TestStores.budget(blobs, folder, budget))) {
                assertThat(ensured(device.blob(0), 0)).isEqualTo(DataOrigin.LOCAL);
                assertThat(ensured(device.blob(0), 0)).isEqualTo(DataOrigin.READY);
            }
        }
    }

    @Test
    void withoutAFileNothingIsReady() throws IOException {
        try (BlobDevice device = device(StorageConfiguration.withoutCache())) {
            assertThat(device.blob(0).read(0, ByteBuffer.allocate(LENGTH))).isEqualTo(DataOrigin.BACKEND);
            assertThat(device.blob(0).read(0, ByteBuffer.allocate(LENGTH))).isEqualTo(DataOrigin.LOCAL);
        }
    }

    @Test
    void eachOfSeveralReadersHearsOfItsOwnBytes() throws Exception {
        try (BlobDevice device = device(TestStores.inFiles(blobs, work))) {
            device.blob(0).ensure(0, LENGTH).close();
        }
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        try (BlobDevice device = device(TestStores.inFiles(blobs, work));
                ExecutorService readers = Executors.newCachedThreadPool()) {
            LazyBlob blob = device.blob(0);
            backend.behave((request, target) -> {
                asked.countDown();
                try {
                    answer.await();
                } catch (InterruptedException e) {
                    throw new InterruptedIOException();
                }
            });
            long far = blob.size() - LENGTH;
            List<Future<DataOrigin>> fetching = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                fetching.add(readers.submit(() -> ensured(blob, far)));
            }
            asked.await();
            // While the others fetch.
            assertThat(ensured(blob, 0)).isEqualTo(DataOrigin.LOCAL);
            assertThat(ensured(blob, 0)).isEqualTo(DataOrigin.READY);
            answer.countDown();
            List<DataOrigin> origins = new ArrayList<>();
            for (Future<DataOrigin> reader : fetching) {
                origins.add(reader.get());
            }
            // One that came too late found it ready.
            assertThat(origins).contains(DataOrigin.BACKEND).isSubsetOf(DataOrigin.BACKEND, DataOrigin.READY);
            assertThat(ensured(blob, far)).isEqualTo(DataOrigin.READY);
        }
    }
}
