package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.upgrade.Readers;
import io.nydus4j.linux.socket.SpawnedProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The daemon as a service whose manager keeps descriptors for the next process, as {@code packaging/nydusd@.service} has it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DescriptorStoreTest {
    private static final int KILLS = 4;
    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;

    @TempDir
    Path directory;

    private Path mountPoint;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws IOException {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @ParameterizedTest
    @CsvSource({"fuse, fuse", "erofs, fanotify"})
    void readersOnlyWaitWhenTheServiceIsKilledAndStartedAgain(String driver, String stored) throws Exception {
        if (driver.equals("erofs")) {
            ErofsCondition.requireRootAndErofs();
        }
        Golden image = Golden.of("v6-zstd-4k");
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar -xpf \"$1\"", image.archivePath().toString());
        Path blobs = image.copyBlobs(directory.resolve("blobs"));
        Path cache = Files.createDirectory(directory.resolve("cache"));
        Path configuration = Files.writeString(
                directory.resolve("config.json"),
                "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                        + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\"}},\"rafs\":{\"mode\":\"direct\",\"batch_size\":0}}");
        List<String> command = NydusdProcess.command(List.of(
                "--driver",
                driver,
                "--bootstrap",
                image.bootstrap().toString(),
                "--config",
                configuration.toString(),
                "--mountpoint",
                mountPoint.toString(),
                "--rlimit-nofile",
                "0"));
        try (ServiceManager manager = new ServiceManager(directory)) {
            SpawnedProcess service = manager.start(command);
            manager.awaitReady();
            assertThat(manager.stored()).containsExactly(stored);
            assertThat(directory.resolve("runtime/holder.json"))
                    .as("a process that holds")
                    .doesNotExist();
            service = followedWhileAReaderWaits(manager, service, command);
            if (driver.equals("fuse")) { // by EROFS all is in the kernel's cache now
                service = killedUnderLoad(manager, service, command, tree);
            }
            service.signal(SIGTERM);
            assertThat(service.waitFor()).isZero();
            assertThat(NydusdProcess.mountsAt(mountPoint))
                    .as("mounts after the service was stopped")
                    .isZero();
            for (int i = 0; i < 50 && !manager.stored().isEmpty(); i++) {
                Thread.sleep(20);
            }
            assertThat(manager.stored()).isEmpty();
        }
    }

    /** Kills the service, has somebody read who waits then, and starts it again. */
    private SpawnedProcess followedWhileAReaderWaits(
            ServiceManager manager, SpawnedProcess service, List<String> command) throws Exception {
        service.signal(SIGKILL);
        service.waitFor();
        Process reader = new ProcessBuilder("timeout", "60", "cmp", "mnt/sizes/noise-40000", "tree/sizes/noise-40000")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("read").toFile())
                .start();
        assertThat(reader.waitFor(300, TimeUnit.MILLISECONDS))
                .as("the reader has an answer, from nobody")
                .isFalse();
        SpawnedProcess next = manager.start(command);
        manager.awaitReady();
        assertThat(reader.waitFor()).as("whether the bytes are right").isZero();
        return next;
    }

    private SpawnedProcess killedUnderLoad(
            ServiceManager manager, SpawnedProcess first, List<String> command, Path tree) throws Exception {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        SpawnedProcess service = first;
        try (Readers readers = Readers.start(mountPoint, tree, seed)) {
            for (int i = 0; i < KILLS; i++) {
                Thread.sleep(200 + random.nextInt(800));
                service.signal(SIGKILL);
                service.waitFor();
                service = manager.start(command);
                if (i % 2 == 0) { // the others are killed wherever they are in their start
                    manager.awaitReady();
                }
            }
            manager.awaitReady();
            readers.stop();
            assertThat(readers.problems()).as("seed " + seed).isEmpty();
            assertThat(readers.operations()).isPositive();
        }
        return service;
    }
}
