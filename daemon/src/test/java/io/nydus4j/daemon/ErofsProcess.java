package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.linux.ChildJvm;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/**
 * A daemon in a process of its own that lets the kernel serve an image on {@code mnt} of a folder, with the run folder {@code run} and the
 * API socket {@code api}, and adds what it says to {@code log}.
 */
final class ErofsProcess {
    private static final int PATIENCE_SECONDS = 60;
    private static final String NONE = "-";

    private final Path directory;
    private final Process process;
    private final String type;

    /**
     * Starts one.
     *
     * @param configuration  a file
     * @param store          where images share their files; empty if they do not
     * @param orphanPatience how long the mount waits for another daemon; empty if it waits for good
     */
    ErofsProcess(
            Path directory, Path bootstrap, Path configuration, Optional<Path> store, Optional<Duration> orphanPatience)
            throws IOException {
        this.directory = directory;
        type = store.isPresent() ? "overlay" : "erofs";
        List<String> command = ChildJvm.command(
                ErofsProcess.class,
                directory.toString(),
                bootstrap.toString(),
                configuration.toString(),
                store.map(Path::toString).orElse(NONE),
                orphanPatience.map(Duration::toString).orElse(NONE));
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("log").toFile()))
                .start();
    }

    /** Runs a daemon until its mount is gone. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path directory = Path.of(args[0]);
        ImageSource image =
                new ImageSource(Path.of(args[1]), StorageConfiguration.load(Path.of(args[2])), Optional.empty());
        DaemonOptions.Builder options = DaemonOptions.builder(directory.resolve("mnt"), image)
                .driver(Driver.EROFS)
                .apiSocket(directory.resolve("api"))
                .runFolder(directory.resolve("run"));
        if (!args[3].equals(NONE)) {
            options.objectStore(Path.of(args[3]));
        }
        if (!args[4].equals(NONE)) {
            options.unmountOnOrphan(Duration.parse(args[4]));
        }
        int code;
        try (NydusDaemon daemon = NydusDaemon.start(options.build())) {
            Files.createFile(
                    directory.resolve("run/ready-" + ProcessHandle.current().pid()));
            code = daemon.await().exitCode();
        }
        System.exit(code);
    }

    /** Waits until it has mounted. */
    void awaitMount() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!isMounted()) {
            assertThat(process.isAlive()).as(log(directory)).isTrue();
            assertThat(System.nanoTime()).as("not mounted in time").isLessThan(end);
            Thread.sleep(5);
        }
    }

    /** Tells whether its mount can be seen. */
    boolean isMounted() throws IOException {
        return Files.readString(Path.of("/proc/self/mounts")).contains(directory.resolve("mnt") + " " + type);
    }

    /** Waits until it serves. */
    void awaitReady() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!Files.exists(directory.resolve("run/ready-" + process.pid()))) {
            assertThat(process.isAlive()).as(log(directory)).isTrue();
            assertThat(System.nanoTime()).as("not ready in time").isLessThan(end);
            Thread.sleep(5);
        }
    }

    void kill() throws InterruptedException {
        process.destroyForcibly();
        process.waitFor();
    }

    /** Waits until it has ended by itself; returns its exit code. */
    int awaitEnd() throws Exception {
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as(log(directory))
                .isTrue();
        return process.exitValue();
    }

    /** Unmounts, and waits until the process has ended well. */
    void unmount() throws Exception {
        Shell.out(directory, "umount mnt");
        assertThat(awaitEnd()).as(log(directory)).isZero();
    }

    /** Returns what the daemons of a folder said. */
    static String log(Path directory) throws IOException {
        Path log = directory.resolve("log");
        return Files.exists(log) ? Files.readString(log) : "no log";
    }

    /** Returns the id of the process that a file of the run folder names, such as {@code holder.json}; empty if there is no such file. */
    static OptionalLong idIn(Path directory, String file) throws IOException {
        Path place = directory.resolve("run").resolve(file);
        return Files.exists(place)
                ? OptionalLong.of(
                        JsonValue.parse(Files.readAllBytes(place)).get("pid").number())
                : OptionalLong.empty();
    }

    /** Kills the process that a file of the run folder names, if there is one. */
    static void kill(Path directory, String file) throws IOException {
        OptionalLong id = idIn(directory, file);
        if (id.isPresent()) {
            ProcessHandle.of(id.getAsLong()).ifPresent(ProcessHandle::destroyForcibly);
        }
    }

    /** Takes away what tests leave: the mounts of a folder, and who holds its readers back. */
    static void cleanUp(Path directory) throws Exception {
        Shell.unmountBelow(directory);
        for (String file : List.of("guard.json", "holder.json")) {
            kill(directory, file);
        }
    }
}
