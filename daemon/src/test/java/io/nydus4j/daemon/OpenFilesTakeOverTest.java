package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Files of a shared directory that are open when the daemon dies stay open. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class OpenFilesTakeOverTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.run(directory, "while umount -l mnt 2>/dev/null; do :; done");
    }

    @Test
    void openFilesAreReadAndWrittenThroughTwoSuccessors() throws Exception {
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Path share = Files.createDirectory(directory.resolve("share"));
        Path api = directory.resolve("api");
        Path run = directory.resolve("run");
        Shell.out(share, "mkdir -p a/b; seq 3000 > a/b/numbers; seq 3000 | tail -n +1001 > rest; touch log gone other");
        DaemonProcess daemon = DaemonProcess.start(mountPoint, api, run);
        Process client;
        try {
            new DaemonClient(api)
                    .mount("/s", new MountRequest(share.toString(), "passthrough_fs", "", Optional.empty()));
            client = new ProcessBuilder("bash", "-c", """
                cd s/a; exec 3< b/numbers 4>> ../log 5< ../gone; rm ../gone
                for i in {1..1000}; do read -r _ <&3; done
                echo one >&4; echo open; read -r _
                cmp <(cat <&3) ../rest && echo two >&4 && echo right; ls b; cat <&5 2>/dev/null || echo lost
                cat ../other b/numbers | wc -l; read -r _; echo three >&4; cat ../log
                """)
                    .directory(mountPoint.toFile())
                    .redirectErrorStream(true)
                    .start();
            assertThat(client.getInputStream().read()).isEqualTo('o');
        } finally {
            daemon.kill();
        }
        DaemonProcess second = DaemonProcess.start(mountPoint, api, run);
        try {
            client.getOutputStream().write('\n');
            client.getOutputStream().flush();
            byte[] said = client.getInputStream().readNBytes("pen\nright\nnumbers\nlost\n3000\n".length());
            assertThat(new String(said, StandardCharsets.UTF_8)).isEqualTo("pen\nright\nnumbers\nlost\n3000\n");
        } finally {
            second.kill();
        }
        try (DaemonProcess _ = DaemonProcess.start(mountPoint, api, run)) {
            client.getOutputStream().write('\n');
            client.getOutputStream().close();
            assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("one\ntwo\nthree\n");
            assertThat(Shell.out(share, "cat log")).isEqualTo("one\ntwo\nthree\n");
        }
    }
}
