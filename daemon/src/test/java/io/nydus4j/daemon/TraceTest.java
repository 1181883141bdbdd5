package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.ApiException;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.JsonValue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 1, unit = TimeUnit.MINUTES)
class TraceTest {
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

    private NydusDaemon start(boolean traced) throws Exception {
        Path mountPoint = Files.createDirectories(directory.resolve("mnt"));
        Path cache = Files.createDirectories(directory.resolve("cache"));
        Golden image = Golden.of("v6-zstd-4k");
        Path blobs = directory.resolve("blobs");
        if (!Files.exists(blobs)) {
            image.copyBlobs(blobs);
        }
        ImageSource source =
                new ImageSource(image.bootstrap(), Golden.configuration(blobs, Optional.of(cache)), Optional.empty());
        return NydusDaemon.start(DaemonOptions.builder(mountPoint, source)
                .traced(traced)
                .apiSocket(directory.resolve("api"))
                .build());
    }

    private JsonValue report() throws Exception {
        return new DaemonClient(directory.resolve("api")).get("v1/trace");
    }

    private static JsonValue file(JsonValue report, String path) {
        return report.get("files").items().stream()
                .filter(file -> path.equals(file.get("path").text()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void tellsWhoReadsWhatFirstAndFromWhere() throws Exception {
        try (NydusDaemon daemon = start(true);
                Recording recording = new Recording()) {
            recording.enable("io.nydus4j.FirstRead");
            recording.start();
            assertThat(daemon.mountTable().mounts()).hasSize(1);
            Shell.out(
                    directory, "head -c 10000 mnt/sizes/noise-40000 > /dev/null; cat mnt/sizes/noise-4096 > /dev/null");
            JsonValue report = report();
            assertThat(report.get("running").isTrue()).isTrue();
            JsonValue first = report.get("reads").items().getFirst();
            assertThat(first.get("path").text()).isEqualTo("/sizes/noise-40000");
            assertThat(first.get("process").text()).isEqualTo("head");
            assertThat(first.get("source").text()).isEqualTo("backend");
            assertThat(first.get("offset").number()).isZero();
            assertThat(first.get("bytes").number()).isGreaterThanOrEqualTo(10000);
            assertThat(file(report, "/sizes/noise-4096").get("ranges").toJson()).isEqualTo("[[0,4096]]");
            assertThat(report.get("causes").get("backend").get("reads").number())
                    .isPositive();
            recording.stop();
            Path dump = directory.resolve("first.jfr");
            recording.dump(dump);
            List<RecordedEvent> events = RecordingFile.readAllEvents(dump);
            assertThat(events)
                    .anyMatch(event -> event.getEventType().getName().equals("io.nydus4j.FirstRead")
                            && event.getString("process").equals("cat")
                            && event.getLong("length") == 4096);
        }
        try (NydusDaemon daemon = start(true)) {
            assertThat(daemon.mountTable().mounts()).hasSize(1);
            Shell.out(directory, "cat mnt/sizes/noise-4096 > /dev/null");
            assertThat(report().get("reads").items().getFirst().get("source").text())
                    .isIn("local", "cache");
        }
    }

    @Test
    void beginsAndEndsWhileServing() throws Exception {
        try (NydusDaemon daemon = start(false)) {
            assertThat(daemon.mountTable().mounts()).hasSize(1);
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            Shell.out(directory, "cat mnt/sizes/text-65537 > /dev/null");
            assertThatThrownBy(this::report).isInstanceOf(ApiException.class).hasMessageContaining("NoCounter");
            client.trace(Optional.of("/"), true);
            Shell.out(directory, "cat mnt/sizes/noise-4096 > /dev/null");
            client.trace(Optional.empty(), false);
            Shell.out(directory, "cat mnt/sizes/text-1 > /dev/null");
            JsonValue report = report();
            assertThat(report.get("running").isTrue()).isFalse();
            assertThat(report.get("files").items()).hasSize(1);
            assertThatThrownBy(() -> client.trace(Optional.of("/nope"), true))
                    .isInstanceOf(ApiException.class)
                    .hasMessageContaining("doesn't exist");
        }
    }
}
