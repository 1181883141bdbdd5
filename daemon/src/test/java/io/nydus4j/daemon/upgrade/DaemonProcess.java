package io.nydus4j.daemon.upgrade;

import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.ImageSource;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.linux.ChildJvm;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A daemon in a process of its own, which can be killed. */
final class DaemonProcess {
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final Path api;

    private DaemonProcess(Process process, Path api) {
        this.process = process;
        this.api = api;
    }

    /** Runs in that process. */
    public static void main(String[] args) throws Exception {
        BlobDevice.prepare();
        Path folder = Path.of(args[0]);
        ImageSource image = new ImageSource(
                Path.of(args[2]),
                StorageConfiguration.parse(Files.readString(folder.resolve("config.json"))),
                Optional.empty());
        DaemonOptions options = DaemonOptions.builder(folder.resolve("mnt"), image)
                .virtualMountPoint(args[3])
                .apiSocket(folder.resolve(args[1]))
                .runFolder(folder.resolve("run"))
                .upgrade(args.length > 4)
                .build();
        NydusDaemon daemon = NydusDaemon.start(options);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(daemon)));
        int code = daemon.await().exitCode();
        daemon.close();
        Runtime.getRuntime().halt(code);
    }

    private static void close(NydusDaemon daemon) {
        try {
            daemon.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts one in a folder that has {@code mnt} and {@code config.json}, with a run folder. */
    static DaemonProcess start(Path folder, String socket, Path bootstrap, String place, String... upgrade)
            throws IOException {
        List<String> command = ChildJvm.command(
                List.of("-Xmx128m"), DaemonProcess.class, folder.toString(), socket, bootstrap.toString(), place);
        command.addAll(List.of(upgrade));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(
                        ProcessBuilder.Redirect.appendTo(folder.resolve("log").toFile()))
                .start();
        return new DaemonProcess(process, folder.resolve(socket));
    }

    DaemonClient client() {
        return new DaemonClient(api);
    }

    Path socket() {
        return api;
    }

    /** Returns the state that the daemon shows; empty if it does not answer. */
    String state() {
        try {
            return client().info().state().name();
        } catch (IOException e) {
            return "";
        }
    }

    /** Waits until the daemon shows a state. */
    void await(String state) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!state().equals(state)) {
            if (!process.isAlive() || System.nanoTime() - deadline > 0) {
                throw new AssertionError("not " + state + " but " + state() + ", alive: " + process.isAlive());
            }
            Thread.sleep(20);
        }
    }

    /** Ends it without a chance to do anything. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Asks it to end; returns its exit code. */
    int terminate() throws InterruptedException {
        process.destroy();
        return waitFor();
    }

    int waitFor() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the daemon did not end");
        }
        return process.exitValue();
    }
}
