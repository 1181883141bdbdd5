package io.nydus4j.daemon;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.linux.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A daemon in a JVM of its own, with the flags of the commands' launchers, for tests that look at its process. */
final class DaemonProcess implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 30;

    private final Process process;

    private DaemonProcess(Process process) {
        this.process = process;
    }

    /** Serves until the mount is gone. */
    public static void main(String[] args) throws IOException, InterruptedException {
        DaemonOptions.Builder options = DaemonOptions.builder(Path.of(args[0]))
                .apiSocket(Path.of(args[1]))
                .writable(true);
        if (args.length > 2) {
            options.runFolder(Path.of(args[2]));
        }
        try (NydusDaemon daemon = NydusDaemon.start(options.build())) {
            daemon.await();
        }
    }

    /** Kills the process, as whoever wants its memory does. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Starts one without images, with a run folder if one is given, and waits until its API answers. */
    static DaemonProcess start(Path mountPoint, Path socket, Path... runFolder)
            throws IOException, InterruptedException {
        List<String> command = ChildJvm.command(DaemonProcess.class, mountPoint.toString(), socket.toString());
        for (Path folder : runFolder) {
            command.add(folder.toString());
        }
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!answers(socket)) {
            if (!process.isAlive() || System.nanoTime() > end) {
                process.destroyForcibly();
                throw new IOException("the daemon did not start");
            }
            Thread.sleep(20);
        }
        return new DaemonProcess(process);
    }

    private static boolean answers(Path socket) {
        try {
            new DaemonClient(socket).info();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the anonymous memory of the process, in KiB. */
    long anonymousKiB() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/smaps_rollup"))) {
            if (line.startsWith("Anonymous:")) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException("the kernel does not tell");
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
    }
}
