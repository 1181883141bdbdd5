package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The 255 indexes of mounts: they go round, past those whose files are still open. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class MountIndexTest {
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

    private MountRequest share(int number) throws Exception {
        Path share = directory.resolve("shares/" + number);
        if (!Files.exists(share)) {
            Files.createDirectories(share);
            Files.writeString(share.resolve("file"), "file of " + number);
        }
        return new MountRequest(share.toString(), "passthrough_fs", "", Optional.empty());
    }

    /** Starts a script in a folder, and returns when it has said that it has opened what it opens. */
    private static Process holder(Path folder, String script) throws Exception {
        Process holder = new ProcessBuilder("bash", "-c", script)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        assertThat(holder.getInputStream().read()).isEqualTo('o');
        return holder;
    }

    private static String shown(Process holder) throws Exception {
        holder.getOutputStream().write('\n');
        holder.getOutputStream().close();
        return new String(holder.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }

    @Test
    void anIndexWithAnOpenFileIsNotGivenAgain() throws Exception {
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        try (NydusDaemon daemon = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .build())) {
            client.mount("/m", share(0));
            Process holder = holder(mountPoint, "exec 3< m/file; echo open; read _; cat <&3");
            client.unmount("/m");
            for (int i = 1; i <= 260; i++) {
                client.mount("/m", share(i % 100));
                assertThat(daemon.mountTable().mounts().getFirst().index()).isNotEqualTo(1);
                if (i % 50 == 0) {
                    assertThat(Shell.out(mountPoint, "cat m/file")).isEqualTo("file of " + i % 100);
                }
                client.unmount("/m");
            }
            assertThat(shown(holder)).doesNotContain("file of");
            assertThat(daemon.mountTable().vfs().knownIndexes().size()).isLessThan(20);
        }
    }

    /** The kernel keeps what was closed until it wants the memory. */
    @Test
    void whereAllIndexesHaveOpenFilesNoneIsGivenUntilOneIsClosed() throws Exception {
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        DaemonClient client = new DaemonClient(directory.resolve("api"));
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .build())) {
            for (int i = 1; i <= 255; i++) {
                client.mount("/" + i, share(i));
            }
            Process holder = holder(
                    mountPoint,
                    "for i in {1..255}; do exec {fd}< $i/file; done; echo open; read _; exec 20<&-;"
                            + " echo 2 > /proc/sys/vm/drop_caches; echo one; read _");
            for (int i = 1; i <= 255; i++) {
                client.unmount("/" + i);
            }
            assertThatThrownBy(() -> client.mount("/new", share(0)))
                    .hasMessageContaining(
                            "vfs maximum mountpoints reached: files of 255 unmounted ones are still open or kept by"
                                    + " the kernel");
            holder.getOutputStream().write('\n');
            holder.getOutputStream().flush();
            while (holder.getInputStream().read() != '\n') {}
            holder.getInputStream().read();
            mountWithin(client);
            assertThat(Shell.out(mountPoint, "cat new/file")).isEqualTo("file of 0");
            holder.getOutputStream().close();
        }
    }

    /** Mounts once the kernel has said that it forgets a closed file, which it does a moment later. */
    private void mountWithin(DaemonClient client) throws Exception {
        for (int attempt = 0; ; attempt++) {
            try {
                client.mount("/new", share(0));
                return;
            } catch (java.io.IOException e) {
                if (attempt == 200) {
                    throw e;
                }
                Thread.sleep(20);
            }
        }
    }
}
