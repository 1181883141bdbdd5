package io.nydus4j.cli.nydus;

import io.nydus4j.daemon.api.JsonValue.JsonString;
import io.nydus4j.linux.file.ProcessIdentity;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A mount served by a daemon process of its own, which outlives this one.
 *
 * @param process the daemon
 * @param socket  its API socket
 * @param seconds from the start of the process until the root directory could be looked at
 */
record ImageMount(Process process, Path socket, double seconds) {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** Returns the folder that the daemon's caches go to by default. */
    static Path defaultCache() {
        return base("XDG_CACHE_HOME", ".cache").resolve("blobs");
    }

    private static Path base(String variable, String below) {
        String set = System.getenv(variable);
        Path root = set == null || set.isEmpty() ? Path.of(System.getProperty("user.home"), below) : Path.of(set);
        return root.resolve("nydus4j");
    }

    /**
     * Starts a daemon and waits until the mount answers.
     *
     * @throws IOException if the daemon ends or does not answer; the message holds what it logged last
     */
    static ImageMount start(ImageFolder image, Path directory, Path cache) throws IOException, InterruptedException {
        Path run =
                Files.createDirectories(base("XDG_STATE_HOME", ".local/state").resolve("run"));
        Path place = Files.createTempDirectory(
                run, "mount-", PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Path log = place.resolve("nydusd.log");
        Path socket = place.resolve("api.sock");
        Object before = Files.getAttribute(directory, "unix:dev");
        long start = System.nanoTime();
        List<String> command = new ArrayList<>(List.of("setsid"));
        command.addAll(command(image, directory, cache, place));
        command.addAll(List.of("--apisock", socket.toString()));
        Process process = new ProcessBuilder(command)
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        while (true) {
            // The first look at a mount waits for the daemon's first answer.
            if (!before.equals(Files.getAttribute(directory, "unix:dev"))) {
                double seconds = (System.nanoTime() - start) / 1e9;
                awaitApi(socket, start);
                return new ImageMount(process, socket, seconds);
            }
            if (process.waitFor(5, TimeUnit.MILLISECONDS)) {
                throw new IOException("nydusd ended with exit code " + process.exitValue() + ":\n" + tail(log));
            }
            if (System.nanoTime() - start > PATIENCE.toNanos()) {
                process.destroy();
                throw new IOException("nydusd did not mount within " + PATIENCE.toSeconds() + " s:\n" + tail(log));
            }
        }
    }

    /** Waits until the daemon listens on its socket, which it does a moment after it has mounted; not longer than for the mount. */
    private static void awaitApi(Path socket, long start) throws IOException, InterruptedException {
        while (true) {
            try (SocketChannel _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                return;
            } catch (IOException e) {
                if (System.nanoTime() - start > PATIENCE.toNanos()) {
                    throw new IOException("nydusd does not listen on " + socket + ": " + e.getMessage(), e);
                }
                Thread.sleep(5);
            }
        }
    }

    /** Serves in the foreground; returns the daemon's exit code. */
    static int serve(ImageFolder image, Path directory, Path cache) throws IOException, InterruptedException {
        Path place = Files.createTempDirectory("nydus-");
        return new ProcessBuilder(command(image, directory, cache, place))
                .inheritIO()
                .start()
                .waitFor();
    }

    /** Returns the command that serves the image, its configuration written into {@code place}. */
    private static List<String> command(ImageFolder image, Path directory, Path cache, Path place) throws IOException {
        Files.createDirectories(cache);
        Path configuration = place.resolve("config.json");
        Files.writeString(configuration, """
                {
                  "version": 2,
                  "backend": {"type": "localfs", "localfs": {"dir": %s}},
                  "cache": {"type": "filecache", "filecache": {"work_dir": %s}},
                  "rafs": {"mode": "direct"}
                }
                """.formatted(quoted(image.blobs()), quoted(cache)));
        return List.of(
                launcher(),
                "--config",
                configuration.toString(),
                "--bootstrap",
                image.bootstrap().toString(),
                "--mountpoint",
                directory.toString(),
                "--driver",
                "auto",
                "--detach-when-complete");
    }

    /** Returns the daemon's launcher: beside the one that started this process, or found by the shell. */
    private static String launcher() {
        String home = System.getenv("NYDUS4J_HOME");
        return home == null ? "nydusd" : Path.of(home, "bin", "nydusd").toString();
    }

    private static String quoted(Path path) {
        return new JsonString(path.toString()).toJson();
    }

    private static String tail(Path log) throws IOException {
        List<String> lines = new String(Files.readAllBytes(log), StandardCharsets.UTF_8)
                .lines()
                .toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size()));
    }

    /**
     * Ends the mount on {@code directory}.
     *
     * @throws IOException if there is none or it is busy
     */
    static void unmount(Path directory) throws IOException, InterruptedException {
        List<String> command = ProcessIdentity.isRoot()
                ? List.of("umount", directory.toString())
                : List.of("fusermount3", "-u", directory.toString());
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        if (process.waitFor() != 0) {
            throw new IOException(said.isEmpty() ? command + " failed" : said);
        }
    }

    /** Returns the daemon's process id. */
    long pid() {
        return process.pid();
    }
}
