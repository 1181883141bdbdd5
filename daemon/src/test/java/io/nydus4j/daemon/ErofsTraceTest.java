package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.FileOperation;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Traces and counts what is read of images that EROFS serves, as far as the kernel asks. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ErofsTraceTest {
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");

    @TempDir
    Path directory;

    private DaemonClient client;

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        Files.createDirectory(directory.resolve("mnt"));
        client = new DaemonClient(directory.resolve("api"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusDaemon start(boolean traced, String rafs) throws Exception {
        Path blobs = IMAGE.copyBlobs(directory.resolve("blobs"));
        Path cache = Files.createDirectory(directory.resolve("cache"));
        ImageSource source = new ImageSource(
                IMAGE.bootstrap(), Golden.configuration(blobs, Optional.of(cache), rafs), Optional.empty());
        return NydusDaemon.start(DaemonOptions.builder(directory.resolve("mnt"), source)
                .driver(Driver.AUTO)
                .traced(traced)
                .runFolder(directory.resolve("run"))
                .apiSocket(directory.resolve("api"))
                .build());
    }

    private List<JsonValue> readsOf(String path) throws Exception {
        return client.get("v1/trace").get("reads").items().stream()
                .filter(read -> path.equals(read.get("path").text()))
                .toList();
    }

    @Test
    void tellsWhoReadsWhatFirstAndFromWhere() throws Exception {
        try (NydusDaemon daemon = start(true, "")) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Shell.out(
                    directory, "head -c 10000 mnt/sizes/noise-40000 | cat > /dev/null; cat mnt/sizes/noise-4096 > out");
            List<JsonValue> reads = readsOf("/sizes/noise-40000");
            assertThat(reads).isNotEmpty();
            JsonValue first = reads.getFirst();
            assertThat(first.get("process").text()).isEqualTo("head");
            assertThat(first.get("pid").number()).isPositive();
            assertThat(first.get("offset").number()).isZero();
            assertThat(first.get("source").text()).isEqualTo("backend");
            assertThat(reads.stream()
                            .flatMapToLong(
                                    read -> LongStream.of(read.get("bytes").number()))
                            .sum())
                    .isBetween(10_000L, 40_000L);
            assertThat(readsOf("/sizes/noise-4096").getFirst().get("process").text())
                    .isEqualTo("cat");
            assertThat(readsOf("/sizes/noise-4096").getFirst().get("bytes").number())
                    .isEqualTo(4096);
        }
    }

    /** The mark of a complete blob is gone, but comes back for who wants to know. */
    @Test
    void tellsOfReadsOfWhatIsCompleteAsLongAsItIsTraced() throws Exception {
        try (NydusDaemon daemon = start(false, ",\"prefetch\":{\"enable\":true,\"prefetch_all\":true}")) {
            assertThat(daemon.isServedByKernel()).isTrue();
            awaitBlobs("detached");
            client.trace(Optional.of("/"), true);
            awaitBlobs("lazy");
            Shell.out(directory, "cat mnt/sizes/noise-4096 > out");
            assertThat(readsOf("/sizes/noise-4096").getFirst().get("source").text())
                    .isEqualTo("cache");
            client.trace(Optional.empty(), false);
            awaitBlobs("detached");
        }
    }

    private void awaitBlobs(String state) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!client.info().backends().orElseThrow().get("/").blobs().containsValue(state)) {
            assertThat(System.nanoTime()).as(client.info().toString()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    @Test
    void countsWhatTheKernelAsksFor() throws Exception {
        try (NydusDaemon daemon =
                start(false, ",\"iostats_files\":true,\"access_pattern\":true,\"latest_read_files\":true")) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Shell.out(directory, "cat mnt/sizes/noise-4096 mnt/sizes/noise-40000 > out");
            String ino = Shell.out(directory, "stat -c %i mnt/sizes/noise-4096").strip();
            FileSystemMetrics metrics = client.fileSystemMetrics(Optional.empty());
            assertThat(metrics.dataRead()).isEqualTo(4096 + 40_000);
            assertThat(client.get("v1/metrics/files").get(ino).get("data_read").number())
                    .isEqualTo(4096);
            assertThat(client.get("v1/metrics/pattern").items()).hasSize(2);
            assertThat(client.get("v1/metrics/files?latest=true").items()).isNotEmpty();
            assertThat(client.backendMetrics(Optional.empty()).readCount()).isPositive();
            long answered = metrics.hits()[FileOperation.READ.ordinal()];
            assertThat(answered).isPositive();
            assertThat(LongStream.of(metrics.readsByLatency()).sum()).isEqualTo(answered);
        }
    }
}
