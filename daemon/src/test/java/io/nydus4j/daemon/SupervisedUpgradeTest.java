package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.http.HttpExchange;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Replays recorded requests that replace one daemon by another, with a supervisor of the test's own. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SupervisedUpgradeTest {
    @TempDir
    Path directory;

    private UnixSocket supervisor;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws Exception {
        Files.createDirectory(directory.resolve("mnt"));
        Files.createDirectory(directory.resolve("cache"));
        Golden.of("v6-zstd-4k").copyBlobs(directory.resolve("blobs"));
        Golden.of("v5-lz4-4k").copyBlobs(directory.resolve("blobs"));
        Files.copy(Golden.of("v6-zstd-4k").bootstrap(), directory.resolve("v6.boot"));
        Files.copy(Golden.of("v5-lz4-4k").bootstrap(), directory.resolve("v5.boot"));
        listen();
    }

    private void listen() throws IOException {
        supervisor = UnixSocket.listen(NativePath.bytes(directory.resolve("sup.sock")), 4);
    }

    @AfterEach
    void unmount() throws Exception {
        supervisor.close();
        Shell.unmountBelow(directory);
    }

    private DaemonOptions.Builder options(String socket, boolean image) throws IOException {
        DaemonOptions.Builder options = DaemonOptions.builder(directory.resolve("mnt"))
                .virtualMountPoint("/img")
                .id("d1")
                .supervisor(directory.resolve("sup.sock"))
                .apiSocket(directory.resolve(socket));
        return image
                ? options.image(new ImageSource(
                        directory.resolve("v6.boot"),
                        Golden.configuration(directory.resolve("blobs"), Optional.of(directory.resolve("cache"))),
                        Optional.empty()))
                : options;
    }

    /** Replays the cases from one number to another and complains of what is otherwise. */
    private void replay(String folder, String socket, int from, int to) throws IOException {
        for (RecordedCase recorded : RecordedCase.all(folder)) {
            int number = Integer.parseInt(recorded.name().substring(0, 3));
            if (number < from || number > to) {
                continue;
            }
            RecordedCase filled = recorded.with(
                    "request",
                    recorded.section("request")
                            .replace("Content-Length: 326\n", "")
                            .replace("Content-Length: 394\n", "")
                            .replace("<DIR>", directory.toString()));
            HttpExchange exchange = HttpExchange.send(directory.resolve(socket), filled.request());
            String what = folder + "/" + recorded.name() + " " + exchange.body();
            assertThat(exchange.status()).as(what).isEqualTo(recorded.status());
            if (recorded.status() >= 400) {
                assertThat(withoutChecksum(exchange.body())).as(what).isEqualTo(withoutChecksum(recorded.body()));
            } else if (recorded.body().contains("\"state\"")) {
                JsonValue seen = JsonValue.parse(exchange.body());
                JsonValue expected = JsonValue.parse(recorded.body().replace("<DIR>", directory.toString()));
                for (String member : List.of("id", "supervisor", "state")) {
                    assertThat(seen.get(member)).as(what).isEqualTo(expected.get(member));
                }
                assertThat(mountPoints(seen)).as(what).isEqualTo(mountPoints(expected));
            }
        }
    }

    private static String mountPoints(JsonValue info) {
        return info.get("backend_collection") instanceof JsonValue.JsonObject backends
                ? backends.members().keySet().toString()
                : "";
    }

    /** The reference found out by a checksum that a state is damaged. */
    private static String withoutChecksum(String body) {
        return body.replaceAll("Failed to load snapshot: .*", "");
    }

    /** What a daemon gave. */
    private record Kept(byte[] state, List<Descriptor> descriptors) {}

    private Kept keep() throws IOException {
        try (UnixSocket client = supervisor.accept()) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            List<Descriptor> descriptors = new ArrayList<>();
            UnixSocket.Message message;
            do {
                message = client.receive(300);
                bytes.writeBytes(message.bytes());
                descriptors.addAll(message.descriptors());
            } while (message.bytes().length > 0);
            return new Kept(bytes.toByteArray(), descriptors);
        }
    }

    private Thread answer(byte[] state, List<Descriptor> descriptors) {
        return Thread.ofPlatform().start(() -> {
            try (UnixSocket client = supervisor.accept()) {
                if (state.length > 100) {
                    client.send(java.util.Arrays.copyOf(state, 100), descriptors);
                    client.send(java.util.Arrays.copyOfRange(state, 100, state.length), List.of());
                } else {
                    client.send(state, descriptors);
                }
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private String sums(String below) throws Exception {
        return Shell.out(
                directory, "cd mnt/$1 && find . -type f -print0 | sort -z | timeout 30 xargs -0r sha256sum", below);
    }

    @Test
    void replacesADaemonAsTheReferenceDoes() throws Exception {
        try (NydusDaemon old = NydusDaemon.start(options("a", true).build())) {
            replay("upgrade-a", "a", 10, 30);
            Kept kept = keep();
            assertThat(kept.descriptors()).hasSize(1);
            replay("upgrade-a", "a", 40, 40);
            assertThat(keep().state()).as("the same again").isEqualTo(kept.state());
            String img = sums("img");
            String numbers = Shell.out(directory, "stat -c '%i %n' mnt mnt/img mnt/five mnt/five/sizes");
            try (NydusDaemon next =
                    NydusDaemon.start(options("b", false).upgrade(true).build())) {
                replay("upgrade-b", "b", 10, 60);
                Thread answering = answer(kept.state(), kept.descriptors());
                replay("upgrade-b", "b", 70, 90);
                answering.join();
                replay("upgrade-a", "a", 50, 60);
                assertThat(old.await()).isEqualTo(DaemonEnd.LEFT);
                replay("upgrade-b", "b", 100, 110);
                assertThat(HttpExchange.send(
                                        directory.resolve("b"),
                                        "GET /api/v1/metrics?id=/img HTTP/1.1\r\n\r\n"
                                                .getBytes(StandardCharsets.US_ASCII))
                                .body())
                        .contains("\"data_read\":0,", "\"fop_hits\":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]");
                assertThat(sums("img")).isEqualTo(img);
                assertThat(sums("five")).isEqualTo(img);
                assertThat(Shell.out(directory, "stat -c '%i %n' mnt mnt/img mnt/five mnt/five/sizes"))
                        .isEqualTo(numbers);
                replay("upgrade-b", "b", 130, 150);
                assertThat(sums("six")).isEqualTo(img);
                for (Descriptor descriptor : keep().descriptors()) {
                    descriptor.close();
                }
                assertThat(next.mountTable().mounts()).hasSize(2);
            } finally {
                for (Descriptor descriptor : kept.descriptors()) {
                    descriptor.close();
                }
            }
        }
        assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(directory.toString());
    }

    @Test
    void failsToTakeOverAsTheReferenceDoes() throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(options("s", false).build())) {
            replay("upgrade-fails", "s", 110, 110);
            assertThat(keep().descriptors()).hasSize(1);
            supervisor.close();
            Files.delete(directory.resolve("sup.sock"));
            replay("upgrade-fails", "s", 160, 160);
            assertThat(daemon.mountTable().mounts()).isEmpty();
        }
        try (NydusDaemon daemon = NydusDaemon.start(DaemonOptions.builder(directory.resolve("mnt"))
                .apiSocket(directory.resolve("n"))
                .upgrade(true)
                .build())) {
            replay("upgrade-fails", "n", 210, 240);
            assertThat(daemon.await()).isEqualTo(DaemonEnd.LEFT);
        }
        try (NydusDaemon daemon =
                NydusDaemon.start(options("u", false).upgrade(true).build())) {
            replay("upgrade-fails", "u", 310, 340);
            assertThat(daemon.await()).isEqualTo(DaemonEnd.LEFT);
        }
        listen();
        byte[] junk = "x".repeat(500).getBytes(StandardCharsets.US_ASCII);
        failsWith(410, junk, true);
        failsWith(430, junk, false);
        failsWith(470, new byte[0], false);
    }

    private void failsWith(int number, byte[] state, boolean descriptor) throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(
                        options("f" + number, false).upgrade(true).build());
                Descriptor nothing = PosixFiles.open(
                        Descriptor.WORKING_DIRECTORY,
                        "/dev/null".getBytes(StandardCharsets.US_ASCII),
                        OpenFlags.READ_ONLY,
                        0)) {
            Thread answering = answer(state, descriptor ? List.of(nothing) : List.of());
            replay("upgrade-fails", "f" + number, number, number + 10);
            answering.join();
            assertThat(daemon.mountTable().mounts()).isEmpty();
        }
    }
}
