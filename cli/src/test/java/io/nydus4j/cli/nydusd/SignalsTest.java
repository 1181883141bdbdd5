package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of the daemon, its mount and its socket when it is told to end, or ends otherwise, as recorded of the reference. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class SignalsTest {
    private static final Pattern RESULT =
            Pattern.compile("  exit status (\\S+|still running); mount in table: (True|False);"
                    + " ls of mount point: (?:errno )?[0-9]+; api socket file left: (True|False)");
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path socket;

    /** What was seen in the end. */
    private record Outcome(String exit, boolean mounted, boolean socketLeft) {}

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws IOException {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        socket = directory.resolve("api.sock");
        IMAGE.copyBlobs(directory.resolve("blobs"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusdProcess start() throws IOException {
        return NydusdProcess.start(
                directory,
                Map.of(),
                "-B",
                IMAGE.bootstrap().toString(),
                "-D",
                directory.resolve("blobs").toString(),
                "-M",
                mountPoint.toString(),
                "-A",
                socket.toString(),
                "--rlimit-nofile",
                "0");
    }

    private NydusdProcess startAndServe() throws Exception {
        NydusdProcess daemon = start();
        daemon.awaitState(socket, "RUNNING");
        return daemon;
    }

    /** Reads what the reference did, by the line that says what was done to it. */
    private static Map<String, Outcome> recorded() throws IOException {
        Map<String, Outcome> outcomes = new HashMap<>();
        String what = "";
        for (String line :
                Files.readAllLines(Path.of(System.getProperty("nydus4j.testdata"), "api/signals/results.txt"))) {
            Matcher result = RESULT.matcher(line);
            if (result.matches()) {
                outcomes.putIfAbsent(
                        what,
                        new Outcome(
                                result.group(1),
                                result.group(2).equals("True"),
                                result.group(3).equals("True")));
            } else if (!line.startsWith(" ")) {
                what = line;
            }
        }
        return outcomes;
    }

    private Outcome outcome(int exit) throws IOException {
        return new Outcome(
                Integer.toString(exit > 128 ? 128 - exit : exit),
                NydusdProcess.mountsAt(mountPoint) > 0,
                Files.exists(socket));
    }

    /** The reference dies of a hang-up and leaves a dead mount; here it is an order to end, as a terminal that is closed means it. */
    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP", "USR1", "KILL"})
    void signalsEndTheDaemonAsTheyDidTheReference(String signal) throws Exception {
        Outcome expected = recorded().get("SIG" + (signal.equals("HUP") ? "TERM" : signal) + " while RUNNING");
        try (NydusdProcess daemon = startAndServe()) {
            daemon.signal(signal);
            assertThat(outcome(daemon.waitFor())).isEqualTo(expected);
        }
    }

    @Test
    void aBrokenPipeChangesNothing() throws Exception {
        assertThat(recorded().get("SIGPIPE while RUNNING")).isEqualTo(new Outcome("still running", true, true));
        try (NydusdProcess daemon = startAndServe()) {
            daemon.signal("PIPE");
            assertThat(Shell.out(directory, "timeout 30 cat mnt/sizes/text-2 | wc -c")
                            .strip())
                    .isEqualTo("2");
            daemon.signal("TERM");
            assertThat(daemon.waitFor()).isZero();
        }
    }

    @Test
    void anOpenFileDoesNotKeepItAndFailsAfterwards() throws Exception {
        Outcome expected = recorded().get("SIGTERM with an open file in the mount");
        try (NydusdProcess daemon = startAndServe()) {
            Process user = new ProcessBuilder(
                            "bash", "-c", "exec 5<mnt/sizes/noise-40000; echo open; read -r; LC_ALL=C cat <&5")
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .start();
            assertThat(user.getInputStream().read()).isEqualTo('o');
            daemon.signal("TERM");
            assertThat(outcome(daemon.waitFor())).isEqualTo(expected);
            user.outputWriter().write("\n");
            user.outputWriter().close();
            assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("Transport endpoint is not connected");
        }
    }

    @Test
    void exitByTheApiLeavesTheMountAndAnUnmountEndsTheDaemon() throws Exception {
        Outcome left = recorded().get("PUT /api/v1/daemon/exit (nobody else holds the FUSE descriptor)");
        try (NydusdProcess daemon = startAndServe()) {
            new DaemonClient(socket).exit();
            assertThat(outcome(daemon.waitFor())).isEqualTo(left);
        }
        Shell.out(directory, "umount -l mnt");
        Outcome unmounted = recorded().get("umount by another process while RUNNING (0.5 s later)");
        try (NydusdProcess daemon = startAndServe()) {
            Shell.out(directory, "umount mnt");
            assertThat(outcome(daemon.waitFor())).isEqualTo(unmounted);
        }
    }

    @Test
    void afterAKillItWaitsToBeToldUnlessTheSocketIsGone() throws Exception {
        try (NydusdProcess daemon = startAndServe()) {
            daemon.signal("KILL");
            daemon.waitFor();
        }
        try (NydusdProcess waiting = start()) {
            waiting.awaitState(socket, "INIT");
            assertThat(new DaemonClient(socket).info().backends().orElseThrow()).isEmpty();
            waiting.signal("KILL");
            waiting.waitFor();
        }
        Files.delete(socket);
        try (NydusdProcess again = startAndServe()) {
            assertThat(NydusdProcess.mountsAt(mountPoint)).isEqualTo(2);
            assertThat(Shell.out(directory, "timeout 30 cat mnt/sizes/text-2 | wc -c")
                            .strip())
                    .isEqualTo("2");
            again.signal("TERM");
            assertThat(again.waitFor()).isZero();
        }
    }

    /** The reference lets the second take the socket away from the first, which nobody can reach any more then. */
    @Test
    void aSecondDaemonDoesNotTakeTheSocketOfTheFirst() throws Exception {
        try (NydusdProcess first = startAndServe();
                NydusdProcess second = start()) {
            assertThat(second.waitFor()).isEqualTo(1);
            assertThat(second.log()).contains(socket.toString()).doesNotContain("\tat ");
            assertThat(NydusdProcess.mountsAt(mountPoint)).isEqualTo(1);
            assertThat(new DaemonClient(socket).info().backends().orElseThrow()).containsOnlyKeys("/");
            first.signal("TERM");
            assertThat(first.waitFor()).isZero();
        }
    }
}
