package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.ServiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images that come and go in one daemon while others read them. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class SeveralMountsTest {
    @TempDir
    Path directory;

    private Path mountPoint;
    private String config;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws Exception {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Path cache = Files.createDirectory(directory.resolve("cache"));
        Path blobs = Golden.of("v6-zstd-4k").copyBlobs(directory.resolve("blobs"));
        config = Golden.configuration(blobs, Optional.of(cache)).toJson();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusDaemon start() throws IOException {
        return NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .build());
    }

    private DaemonClient client() {
        return new DaemonClient(directory.resolve("api"));
    }

    private MountRequest image() throws IOException {
        return Golden.of("v6-zstd-4k").request(config);
    }

    private String sums(String below) throws Exception {
        return Shell.out(mountPoint, "cd ." + below + " && find . -type f -print0 | sort -z | xargs -0r sha256sum");
    }

    @Test
    void readersOfAnUnmountedImageGetRightBytesOrAnError() throws Exception {
        try (NydusDaemon daemon = start();
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            client().mount("/kept", image());
            String expected = sums("/kept");
            List<Future<Integer>> running = new ArrayList<>();
            AtomicInteger failures = new AtomicInteger();
            for (int i = 0; i < 3; i++) {
                Callable<Integer> reader = () -> {
                    int wrong = 0;
                    for (int round = 0; round < 6; round++) {
                        Shell.Result result = Shell.run(
                                mountPoint,
                                "cd come 2>/dev/null && find . -type f -print0 | sort -z | xargs -0r sha256sum");
                        failures.addAndGet(result.code() == 0 ? 0 : 1);
                        for (String line : result.out().lines().toList()) {
                            wrong += expected.contains(line) ? 0 : 1;
                        }
                    }
                    return wrong;
                };
                running.add(readers.submit(reader));
            }
            while (running.stream().anyMatch(reader -> !reader.isDone())) {
                client().mount("/come", image());
                Thread.sleep(30);
                client().remount("/come", image());
                Thread.sleep(30);
                client().unmount("/come");
            }
            for (Future<Integer> reader : running) {
                assertThat(reader.get()).as("wrong sums").isZero();
            }
            assertThat(failures.get()).as("rounds that saw an unmount").isPositive();
            assertThat(sums("/kept")).isEqualTo(expected);
            assertThat(daemon.mountTable().mounts()).hasSize(1);
        }
    }

    @Test
    void anOpenFileOutlivesTheUnmountOfItsImage() throws Exception {
        try (NydusDaemon daemon = start()) {
            client().mount("/a", image());
            Process holder = new ProcessBuilder(
                            "sh", "-c", "exec 3< a/sizes/noise-40000; read _; cat <&3 | wc -c; cat <&3")
                    .directory(mountPoint.toFile())
                    .redirectErrorStream(true)
                    .start();
            Shell.out(mountPoint, "sleep 0.2; sha256sum a/sizes/noise-4096");
            client().unmount("/a");
            assertThat(Shell.run(mountPoint, "ls a").out()).isEmpty();
            holder.getOutputStream().write('\n');
            holder.getOutputStream().close();
            String said = new String(holder.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(said).containsAnyOf("No such file", "40000", "Input/output error");
            assertThat(daemon.mountTable().mounts()).isEmpty();
        }
    }

    @Test
    void twoMountsAtOnceOnOnePathAreOne() throws Exception {
        try (NydusDaemon daemon = start();
                ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                results.add(clients.submit(() -> {
                    try {
                        client().mount("/same", image());
                        return true;
                    } catch (IOException e) {
                        assertThat(e).hasMessageContaining("already exists");
                        return false;
                    }
                }));
            }
            int mounted = 0;
            for (Future<Boolean> result : results) {
                mounted += result.get() ? 1 : 0;
            }
            assertThat(mounted).isEqualTo(1);
            assertThat(daemon.mountTable().mounts()).hasSize(1);
        }
    }

    @Test
    void restoresATableUnderTheSameNumbers() throws Exception {
        String before;
        io.nydus4j.daemon.state.MountTable table;
        try (NydusDaemon daemon = start()) {
            client().mount("/gone", image());
            client().mount("/b/c", image());
            client().unmount("/gone");
            before = Shell.out(mountPoint, "stat -c '%i %n' . gone b b/c b/c/sizes");
            table = daemon.mountTable();
        }
        var commons = new io.nydus4j.daemon.fuse.FuseCommons(new io.nydus4j.daemon.metrics.EventLog());
        try (Mounts mounts = new Mounts(
                commons,
                new io.nydus4j.daemon.vfs.Vfs(commons.requests()),
                mountPoint,
                Optional.empty(),
                Optional.empty())) {
            mounts.restore(io.nydus4j.daemon.state.MountTable.parse(
                    table.toJson().getBytes(java.nio.charset.StandardCharsets.UTF_8)));
            assertThat(mounts.table().vfs()).isEqualTo(table.vfs());
            assertThat(mounts.table().mounts()).hasSize(1);
            assertThat(mounts.table().mounts().getFirst().index()).isEqualTo(2);
            assertThat(before).contains(" b/c");
            assertThatThrownBy(() -> mounts.mount("/b/c", image())).isInstanceOf(ServiceException.class);
        }
    }

    @Test
    void refusesARemountByAnotherImage() throws Exception {
        Golden.of("v6-lz4-4k").copyBlobs(directory.resolve("other"));
        try (NydusDaemon daemon = start()) {
            client().mount("/a", image());
            String expected = sums("/a");
            MountRequest other = Golden.of("v6-lz4-4k").request(config);
            assertThatThrownBy(() -> client().remount("/a", other)).hasMessageContaining("swap backend");
            assertThat(sums("/a")).isEqualTo(expected);
            assertThat(daemon.mountTable().mounts()).hasSize(1);
        }
    }
}
