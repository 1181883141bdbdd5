package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.file.OpenFlags;
import io.nydus4j.linux.file.PosixFiles;
import io.nydus4j.linux.socket.NotificationSocket;
import io.nydus4j.linux.socket.SpawnedProcess;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Stands in for systemd where there is none: hears what a service notifies, keeps the descriptors that it stores, and gives them to the
 * service's next process, as {@code sd_notify(3)}, {@code sd_pid_notify_with_fds(3)} and {@code sd_listen_fds(3)} say. It says itself that
 * it has a store, as systemd from version 254 on does.
 */
final class ServiceManager implements AutoCloseable {
    private static final int PATIENCE_SECONDS = 60;
    private static final int FIRST_NUMBER = 3;
    private static final int LONGEST_MESSAGE = 4096;

    private final Path folder;
    private final Path socket;
    private final UnixSocket notifications;
    private final Thread listener;
    /** Guarded by this. */
    private final List<Stored> store = new ArrayList<>();
    /** Guarded by this. */
    private boolean ready;

    private volatile boolean closed;

    private record Stored(String name, Descriptor descriptor) {}

    /** Starts to listen, with its socket and the log of services in a folder, and {@code runtime} for what they keep. */
    ServiceManager(Path folder) throws IOException {
        this.folder = folder;
        socket = folder.resolve("notify");
        notifications = NotificationSocket.bind(NativePath.bytes(socket));
        Files.createDirectories(folder.resolve("runtime"));
        listener = Thread.ofPlatform().daemon().start(this::listen);
    }

    private void listen() {
        try {
            while (!closed) {
                if (notifications.awaitInput(Duration.ofMillis(100))) {
                    hear(notifications.receive(LONGEST_MESSAGE));
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private synchronized void hear(UnixSocket.Message message) throws ErrnoException {
        Map<String, String> said = new HashMap<>();
        new String(message.bytes(), StandardCharsets.US_ASCII)
                .lines()
                .forEach(line -> said.put(line.replaceAll("=.*", ""), line.substring(line.indexOf('=') + 1)));
        String name = said.getOrDefault("FDNAME", "stored");
        if (said.containsKey("FDSTOREREMOVE")) {
            for (Stored each : List.copyOf(store)) {
                if (each.name().equals(name)) {
                    store.remove(each);
                    each.descriptor().close();
                }
            }
        }
        for (Descriptor descriptor : message.descriptors()) {
            if (said.containsKey("FDSTORE")) {
                store.add(new Stored(name, descriptor));
            } else {
                descriptor.close();
            }
        }
        if ("1".equals(said.get("READY"))) {
            ready = true;
        }
        notifyAll();
    }

    /** Starts the service, or its next process, as a service of type {@code notify}. */
    synchronized SpawnedProcess start(List<String> command) throws IOException {
        ready = false;
        Map<String, String> environment = new HashMap<>(Map.of(
                "NOTIFY_SOCKET",
                socket.toString(),
                "FDSTORE",
                "16",
                "RUNTIME_DIRECTORY",
                folder.resolve("runtime").toString()));
        Map<Integer, Descriptor> placed = new HashMap<>();
        for (Stored each : store) {
            placed.put(FIRST_NUMBER + placed.size(), each.descriptor());
        }
        if (!store.isEmpty()) {
            environment.put("LISTEN_FDS", Integer.toString(store.size()));
            environment.put("LISTEN_FDNAMES", store.stream().map(Stored::name).collect(Collectors.joining(":")));
        }
        // The process itself is meant, which is known only there.
        List<String> words = new ArrayList<>(
                List.of("bash", "-c", "[[ -z ${LISTEN_FDS-} ]] || export LISTEN_PID=$$; exec \"$@\"", "service"));
        words.addAll(command);
        int flags = OpenFlags.WRITE_ONLY | OpenFlags.CREATE | OpenFlags.APPEND;
        try (Descriptor log = PosixFiles.open(
                Descriptor.WORKING_DIRECTORY, NativePath.bytes(folder.resolve("service.log")), flags, 0600)) {
            placed.put(1, log);
            placed.put(2, log);
            return SpawnedProcess.start(words, environment, placed);
        }
    }

    /** Waits until the service has said that it is ready. */
    synchronized void awaitReady() throws InterruptedException, IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!ready) {
            assertThat(System.nanoTime())
                    .as("not ready in time: " + Files.readString(folder.resolve("service.log")))
                    .isLessThan(end);
            wait(100);
        }
    }

    /** Tells whether the service has said so since its start. */
    synchronized boolean isReady() {
        return ready;
    }

    /** Returns the names of what is stored. */
    synchronized List<String> stored() {
        return store.stream().map(Stored::name).toList();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        try {
            listener.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        notifications.close();
        synchronized (this) {
            for (Stored each : store) {
                each.descriptor().close();
            }
            store.clear();
        }
    }
}
