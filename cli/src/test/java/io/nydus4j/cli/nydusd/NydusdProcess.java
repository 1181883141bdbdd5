package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.linux.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The command {@code nydusd} in a process of its own, from the classes under test. */
final class NydusdProcess implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final Path log;

    private NydusdProcess(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Returns the command line that starts it. */
    static List<String> command(List<String> args) {
        return ChildJvm.command(List.of("-Xmx128m"), Nydusd.class, args.toArray(String[]::new));
    }

    /** Starts it in a folder, where its output goes to {@code log}. */
    static NydusdProcess start(Path folder, Map<String, String> environment, String... args) throws IOException {
        Path log = folder.resolve("log");
        ProcessBuilder builder = new ProcessBuilder(command(Arrays.asList(args)))
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        builder.environment().putAll(environment);
        return new NydusdProcess(builder.start(), log);
    }

    long id() {
        return process.pid();
    }

    String log() throws IOException {
        return Files.readString(log, StandardCharsets.ISO_8859_1);
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits until something is mounted at a place. */
    void awaitMount(Path place) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (mountsAt(place) == 0) {
            assertThat(process.isAlive()).as(log()).isTrue();
            assertThat(System.nanoTime()).as("not mounted in time: " + log()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    /** Waits until its API tells of a state. */
    void awaitState(Path socket, String state) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!state(socket).equals(state)) {
            assertThat(process.isAlive()).as(log()).isTrue();
            assertThat(System.nanoTime())
                    .as("not " + state + " in time: " + log())
                    .isLessThan(end);
            Thread.sleep(20);
        }
    }

    private static String state(Path socket) {
        try {
            return new DaemonClient(socket).info().state().name();
        } catch (IOException e) {
            return "";
        }
    }

    /** Returns how many mounts there are at a place, one on top of the other. */
    static long mountsAt(Path place) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/mounts"), StandardCharsets.ISO_8859_1).stream()
                .filter(line -> line.contains(" " + place + " "))
                .count();
    }

    /** Sends a signal by its name, such as {@code TERM}. */
    void signal(String name) throws IOException, InterruptedException {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(id()))
                        .start()
                        .waitFor())
                .isZero();
    }

    /** Waits for its end; returns its exit code, 128 and the number of a signal if it died of one. */
    int waitFor() throws InterruptedException, IOException {
        assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                .as("it did not end: " + log())
                .isTrue();
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
