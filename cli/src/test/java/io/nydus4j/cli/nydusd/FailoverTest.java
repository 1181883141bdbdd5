package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.RecordedCase;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.http.HttpExchange;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replays what was recorded of a daemon that follows one which was killed, with a supervisor of the test's own. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class FailoverTest {
    private static final int FIRST_PART = 100;
    private static final int LONGEST_PART = 4096;

    @TempDir
    Path directory;

    /** What a daemon gave to the supervisor. */
    private record Kept(byte[] state, List<Descriptor> descriptors) {}

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusdProcess start() throws IOException {
        return NydusdProcess.start(
                directory,
                Map.of(),
                "-A",
                directory.resolve("api2.sock").toString(),
                "-M",
                directory.resolve("mnt").toString(),
                "--id",
                "d1",
                "--supervisor",
                directory.resolve("sup.sock").toString(),
                "--rlimit-nofile",
                "0");
    }

    private HttpExchange send(String request) throws IOException {
        return HttpExchange.send(directory.resolve("api2.sock"), request.getBytes(StandardCharsets.US_ASCII));
    }

    private static Kept keep(UnixSocket supervisor) throws IOException {
        try (UnixSocket client = supervisor.accept()) {
            ByteArrayOutputStream state = new ByteArrayOutputStream();
            List<Descriptor> descriptors = new ArrayList<>();
            UnixSocket.Message message;
            do {
                message = client.receive(LONGEST_PART);
                state.writeBytes(message.bytes());
                descriptors.addAll(message.descriptors());
            } while (message.bytes().length > 0);
            return new Kept(state.toByteArray(), descriptors);
        }
    }

    /** Gives back what was kept, in two parts. */
    private static Thread giveBack(UnixSocket supervisor, Kept kept) {
        return Thread.ofPlatform().start(() -> {
            try (UnixSocket client = supervisor.accept()) {
                byte[] state = kept.state();
                client.send(Arrays.copyOf(state, FIRST_PART), kept.descriptors());
                Thread.sleep(100);
                client.send(Arrays.copyOfRange(state, FIRST_PART, state.length), List.of());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    @Test
    void aDaemonThatWasKilledIsFollowedAndReadersOnlyWait() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Path blobs = image.copyBlobs(directory.resolve("blobs"));
        Files.createDirectory(directory.resolve("mnt"));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar -xpf \"$1\"", image.archivePath().toString());
        String configuration = "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + directory.resolve("cache")
                + "\"}},\"rafs\":{\"mode\":\"direct\"}}";
        try (UnixSocket supervisor = UnixSocket.listen(NativePath.bytes(directory.resolve("sup.sock")), 4)) {
            Kept kept;
            try (NydusdProcess first = start()) {
                first.awaitState(directory.resolve("api2.sock"), "RUNNING");
                for (String place : List.of("/six", "/img")) {
                    new DaemonClient(directory.resolve("api2.sock")).mount(place, image.request(configuration));
                }
                assertThat(send("PUT /api/v1/daemon/fuse/sendfd HTTP/1.1\r\n\r\n")
                                .status())
                        .isEqualTo(204);
                kept = keep(supervisor);
                assertThat(kept.descriptors()).hasSize(1);
                first.signal("KILL");
                first.waitFor();
            }
            Process reader = new ProcessBuilder(
                            "timeout", "60", "cmp", "mnt/six/sizes/noise-40000", "tree/sizes/noise-40000")
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve("read").toFile())
                    .start();
            try (NydusdProcess second = start()) {
                second.awaitState(directory.resolve("api2.sock"), "INIT");
                Thread giving = giveBack(supervisor, kept);
                for (RecordedCase recorded : RecordedCase.all("failover-b")) {
                    compare(recorded);
                }
                giving.join();
                assertThat(reader.waitFor())
                        .as("whether the reader has the right bytes")
                        .isZero();
                Shell.Result differences = Shell.run(
                        directory, "timeout 60 diff -r --no-dereference tree mnt/img | grep -v 'while file .* is a'");
                assertThat(differences.out() + differences.err()).isEmpty();
                second.signal("TERM");
                assertThat(second.waitFor()).isZero();
                assertThat(NydusdProcess.mountsAt(directory.resolve("mnt"))).isZero();
            } finally {
                for (Descriptor descriptor : kept.descriptors()) {
                    descriptor.close();
                }
            }
        }
    }

    private void compare(RecordedCase recorded) throws IOException {
        HttpExchange exchange = HttpExchange.send(directory.resolve("api2.sock"), recorded.request());
        assertThat(exchange.status()).as(recorded.name() + exchange.body()).isEqualTo(recorded.status());
        if (!recorded.body().isEmpty()) {
            JsonValue seen = JsonValue.parse(exchange.body());
            JsonValue expected = JsonValue.parse(recorded.body().replace("<DIR>", directory.toString()));
            for (String member : List.of("id", "supervisor", "state")) {
                assertThat(seen.get(member)).as(recorded.name()).isEqualTo(expected.get(member));
            }
            assertThat(mountPoints(seen)).as(recorded.name()).isEqualTo(mountPoints(expected));
        }
    }

    private static String mountPoints(JsonValue info) {
        return info.get("backend_collection") instanceof JsonValue.JsonObject backends
                ? backends.members().keySet().toString()
                : "";
    }
}
