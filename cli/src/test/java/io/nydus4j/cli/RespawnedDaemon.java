package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.Shell;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** {@code nydusd --respawn} as users start it, in a folder with {@code config.json} and a mount point {@code mnt}. */
final class RespawnedDaemon {
    private static final Path ROOT = Path.of(System.getProperty("nydus4j.root"));
    private static final int PATIENCE_SECONDS = 60;

    private final Path directory;
    private final Process loop;

    /**
     * Starts one.
     *
     * @param directory  where it works, and puts {@code log} and {@code run}
     * @param bootstrap  what it mounts
     * @param javaOption another option of its JVM
     */
    RespawnedDaemon(Path directory, Driver driver, Path bootstrap, String javaOption) throws IOException {
        this.directory = directory;
        ProcessBuilder builder = new ProcessBuilder(
                        ROOT.resolve("bin/nydusd").toString(),
                        "--respawn",
                        "--driver",
                        driver.name().toLowerCase(Locale.ROOT),
                        "--bootstrap",
                        bootstrap.toString(),
                        "--config",
                        "config.json",
                        "--mountpoint",
                        "mnt",
                        "--run-dir",
                        "run",
                        "--rlimit-nofile",
                        "0")
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()));
        builder.environment().merge("NYDUS4J_JAVA_OPTS", javaOption, (old, added) -> old + " " + added);
        loop = builder.start();
    }

    /** Waits until it has mounted. */
    void awaitMount() throws Exception {
        Path mounts = Path.of("/proc/self/mounts");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.readString(mounts).contains(" " + directory.resolve("mnt") + " ")) {
            assertThat(loop.isAlive()).as(log()).isTrue();
            assertThat(System.nanoTime()).as("not mounted in time; " + log()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    /** Kills the daemon, not the loop that starts it again; returns whether there was one. */
    boolean kill() {
        return loop.children()
                .filter(child -> child.info().command().orElse("").endsWith("java"))
                .map(ProcessHandle::destroyForcibly)
                .reduce(false, Boolean::logicalOr);
    }

    /** Unmounts until the daemon has ended: one that is just being started again may mount once more. */
    void unmount() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        do {
            assertThat(System.nanoTime()).as(log()).isLessThan(end);
            Shell.run(directory, "umount mnt");
        } while (!loop.waitFor(1, TimeUnit.SECONDS));
        assertThat(loop.exitValue()).as(log()).isZero();
    }

    private String log() throws IOException {
        return Files.readString(directory.resolve("log"));
    }
}
