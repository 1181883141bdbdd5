package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import java.io.IOException;
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

/** Files of a shared directory, or of a writable image, that are open when the daemon dies stay open. */
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
        Shell.unmountBelow(directory);
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

    @Test
    void openFilesOfAWritableImageAreReadAndWrittenThroughTwoSuccessors() throws Exception {
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Path api = directory.resolve("api");
        Path run = directory.resolve("run");
        Shell.out(directory, "mkdir upper work cache lower");
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(directory.resolve("blobs"));
        Shell.out(
                directory.resolve("lower"),
                "tar -xf \"$1\"",
                image.archivePath().toString());
        DaemonProcess daemon = DaemonProcess.start(mountPoint, api, run);
        Process client;
        try {
            String config = Golden.writableConfiguration(directory).toJson();
            new DaemonClient(api).mount("/s", image.request(config));
            client = new ProcessBuilder("bash", "-c", """
                lower=$PWD/lower; cd mnt/s/sizes || exit
                exec 3< mixed-200000 4>> text-1 5< zeros-50000 6> ../made 7< ../dup/one 8<> ../links/first
                rm zeros-50000; echo fresh > zeros-50000; echo copied >&4; echo first >&6; head -c 1000 <&3 | sha256sum
                echo open; read -r _
                (head -c 1000 $lower/sizes/mixed-200000; cat <&3) | cmp - $lower/sizes/mixed-200000 && echo rest
                cmp - $lower/sizes/zeros-50000 <&5 && cat zeros-50000
                echo more >&4; echo second >&6; cmp - $lower/dup/one <&7 && echo same; echo linked >&8; chmod 600 ../dup/one
                echo done; read -r _
                echo last >&4; cmp <(echo -n; cat $lower/sizes/text-1; printf 'copied\\nmore\\nlast\\n') text-1 && echo appended
                cat ../made; head -n 1 ../links/second; stat -c %a ../dup/one; rmdir ../sizes 2>/dev/null || echo full
                """)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .start();
            String hash = Shell.out(directory, "head -c 1000 lower/sizes/mixed-200000 | sha256sum");
            assertThat(said(client, hash + "open\n")).isEqualTo(hash + "open\n");
        } finally {
            daemon.kill();
        }
        DaemonProcess second = DaemonProcess.start(mountPoint, api, run);
        try {
            goOn(client);
            assertThat(said(client, "rest\nfresh\nsame\ndone\n")).isEqualTo("rest\nfresh\nsame\ndone\n");
        } finally {
            second.kill();
        }
        try (DaemonProcess _ = DaemonProcess.start(mountPoint, api, run)) {
            goOn(client);
            client.getOutputStream().close();
            assertThat(new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .isEqualTo("appended\nfirst\nsecond\nlinked\n600\nfull\n");
            assertThat(Shell.out(directory, "cat upper/made")).isEqualTo("first\nsecond\n");
        }
    }

    private static void goOn(Process client) throws IOException {
        client.getOutputStream().write('\n');
        client.getOutputStream().flush();
    }

    /** Reads as much as is expected. */
    private static String said(Process client, String expected) throws IOException {
        return new String(client.getInputStream().readNBytes(expected.length()), StandardCharsets.UTF_8);
    }
}
