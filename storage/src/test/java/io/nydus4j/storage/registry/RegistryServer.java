package io.nydus4j.storage.registry;

import io.nydus4j.linux.Requirements;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A real registry ({@code docker-registry}) on the loopback, with blobs of the test's. */
public final class RegistryServer implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on (?:127\\.0\\.0\\.1|\\[::\\]):([0-9]+)");
    private static final Pattern ACCESS = Pattern.compile("\"([A-Z]+) (/v2/[^ ]*) HTTP/1\\.1\" ([0-9]{3}) ([0-9]+)");

    private final Process process;
    private final Path storage;
    private final List<Access> accesses = new CopyOnWriteArrayList<>();
    private int port;

    /** A request that the registry has answered. */
    public record Access(String method, String path, int status, long bytes) {}

    private RegistryServer(Process process, Path storage) {
        this.process = process;
        this.storage = storage;
    }

    /** Starts a registry that everybody may read; skips the test where there is none. */
    public static RegistryServer start(Path folder) throws IOException {
        return start(folder, "");
    }

    /**
     * Starts a registry; skips the test where there is none.
     *
     * @param more further lines of its configuration, such as an {@code auth} section
     */
    public static RegistryServer start(Path folder, String more) throws IOException {
        Requirements.program("docker-registry");
        Path storage = Files.createDirectories(folder.resolve("registry"));
        Path configuration = folder.resolve("registry.yml");
        Files.writeString(configuration, """
                version: 0.1
                log: {level: info}
                storage:
                  filesystem: {rootdirectory: %s}
                http: {addr: "127.0.0.1:0"}
                """.formatted(storage) + more);
        Process process = new ProcessBuilder("docker-registry", "serve", configuration.toString())
                .redirectErrorStream(true)
                .start();
        RegistryServer server = new RegistryServer(process, storage);
        BufferedReader output =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
            Matcher matcher = LISTENING.matcher(line);
            if (matcher.find()) {
                server.port = Integer.parseInt(matcher.group(1));
                Thread.ofVirtual().start(() -> server.watch(output));
                return server;
            }
        }
        process.destroyForcibly();
        throw new IOException("docker-registry did not start: " + said);
    }

    private void watch(BufferedReader output) {
        try {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Matcher matcher = ACCESS.matcher(line);
                if (matcher.find()) {
                    accesses.add(new Access(
                            matcher.group(1),
                            matcher.group(2),
                            Integer.parseInt(matcher.group(3)),
                            Long.parseLong(matcher.group(4))));
                }
            }
        } catch (IOException e) {
            // It ended.
        }
    }

    /** Returns host and port. */
    public String host() {
        return "127.0.0.1:" + port;
    }

    /** Returns the requests for blobs that were answered since the start, in order; the last may be missing for a moment. */
    public List<Access> accesses() {
        return accesses;
    }

    /** Puts a blob into a repository, without asking the registry. */
    public void put(String repository, String blobId, Path content) throws IOException {
        Path top = storage.resolve("docker/registry/v2");
        Path data = top.resolve("blobs/sha256/" + blobId.substring(0, 2) + "/" + blobId + "/data");
        Files.createDirectories(data.getParent());
        if (!Files.exists(data)) {
            Files.copy(content, data);
        }
        Path link = top.resolve("repositories/" + repository + "/_layers/sha256/" + blobId + "/link");
        Files.createDirectories(link.getParent());
        Files.writeString(link, "sha256:" + blobId);
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
