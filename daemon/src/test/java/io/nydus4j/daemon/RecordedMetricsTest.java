package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.storage.config.StorageConfiguration;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The requests for information and counters that were recorded, with the reads between them, sent to a daemon with the same image. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class RecordedMetricsTest {
    /** The reference knows of its root before anybody asked, since it looked at its own mount point. */
    private static final Set<String> OTHER = Set.of("040-metrics-files-before");

    @TempDir
    Path directory;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @Test
    void countersAreThoseOfTheReferenceAfterTheSameReads() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Files.createDirectory(directory.resolve("mnt"));
        Files.createDirectory(directory.resolve("cache"));
        image.copyBlobs(directory.resolve("blobs"));
        String setup = Files.readString(Path.of(System.getProperty("nydus4j.testdata"), "api/fuse-v6/setup.txt"));
        StorageConfiguration configuration =
                StorageConfiguration.parse(setup.substring(setup.indexOf('{')).replace("<DIR>", directory.toString()));
        RecordedReplay replay = new RecordedReplay(directory, OTHER);
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(
                        directory.resolve("mnt"), new ImageSource(image.bootstrap(), configuration, Optional.empty()))
                .apiSocket(directory.resolve("api.sock"))
                .build())) {
            for (RecordedCase recorded : RecordedCase.all("fuse-v6")) {
                if (recorded.name().equals("190-metrics-after-1-read")) {
                    Shell.out(directory, "ls -f mnt/sizes"); // so did the recording, which looks for files
                }
                String request = recorded.section("request");
                if (request.startsWith("GET /api/v1/metrics") || request.startsWith("GET /api/v1/daemon")) {
                    replay.run(recorded);
                }
                if (recorded.name().equals("300-metrics-blobcache-after-sizes")) {
                    assertThat(JsonValue.parse(replay.last().body())
                                    .get("total")
                                    .number())
                            .as("requests to the cache, one a READ at least")
                            .isGreaterThanOrEqualTo(JsonValue.parse(recorded.body())
                                    .get("total")
                                    .number());
                }
            }
        }
        assertThat(replay.differences()).isEmpty();
    }
}
