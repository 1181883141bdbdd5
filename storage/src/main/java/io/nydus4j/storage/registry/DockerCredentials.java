package io.nydus4j.storage.registry;

import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.DocumentNode;
import io.nydus4j.storage.config.JsonDocument;
import io.nydus4j.storage.config.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Credentials that {@code docker login} left: in {@code config.json} of {@code $DOCKER_CONFIG} or {@code ~/.docker}, or with the helper
 * programs that this file names.
 */
public final class DockerCredentials {
    private static final String HUB = "https://index.docker.io/v1/";
    private static final Set<String> HUB_HOSTS = Set.of("docker.io", "index.docker.io", "registry-1.docker.io");
    private static final String TOKEN_USER = "<token>";
    private static final int HELPER_SECONDS = 30;
    private static final int LONGEST_ANSWER = 1 << 20;

    private final Path file;

    /** Goes by a {@code config.json}, which need not be there. */
    public DockerCredentials(Path file) {
        this.file = file;
    }

    /**
     * Goes by the user's file.
     *
     * @param environment variables by name, such as {@link System#getenv()}
     */
    public static DockerCredentials ofUser(Map<String, String> environment) {
        String folder = environment.getOrDefault("DOCKER_CONFIG", "");
        Path home = Path.of(environment.getOrDefault("HOME", System.getProperty("user.home", "/")), ".docker");
        return new DockerCredentials((folder.isEmpty() ? home : Path.of(folder)).resolve("config.json"));
    }

    /** Returns a source for a registry. */
    public CredentialSource of(String host) {
        return () -> find(host);
    }

    /**
     * Returns the credentials for a registry. May run a helper program.
     *
     * @param host host and port
     * @throws IOException if the file is there and cannot be read, or the helper fails
     */
    public Optional<RegistryCredentials> find(String host) throws IOException {
        DocumentNode.Table document;
        try {
            document = JsonDocument.parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (ConfigurationException e) {
            throw new IOException(file + ": " + e.detail(), e);
        }
        String server = HUB_HOSTS.contains(host) ? HUB : host;
        String helper = text(table(document, "credHelpers"), server.equals(HUB) ? "docker.io" : host)
                .or(() -> text(table(document, "credHelpers"), server))
                .or(() -> text(document, "credsStore"))
                .orElse("");
        if (!helper.isEmpty()) {
            Optional<RegistryCredentials> found = ask(helper, server);
            if (found.isPresent()) {
                return found;
            }
        }
        DocumentNode.Table auths = table(document, "auths");
        for (String name : auths.members().keySet()) {
            if (hostOf(name).equals(hostOf(server))) {
                return entry(table(auths, name));
            }
        }
        return Optional.empty();
    }

    private static String hostOf(String server) {
        String rest = server.substring(server.contains("://") ? server.indexOf("://") + 3 : 0);
        return rest.contains("/") ? rest.substring(0, rest.indexOf('/')) : rest;
    }

    private Optional<RegistryCredentials> entry(DocumentNode.Table entry) throws IOException {
        Optional<String> identity = text(entry, "identitytoken");
        if (identity.isPresent()) {
            return Optional.of(new RegistryCredentials("", Secret.NONE, new Secret(identity.get())));
        }
        Optional<String> auth = text(entry, "auth");
        if (auth.isPresent()) {
            try {
                return Optional.of(RegistryCredentials.decode(new Secret(auth.get())));
            } catch (IOException e) {
                throw new IOException(file + ": " + e.getMessage(), e);
            }
        }
        return text(entry, "username")
                .map(user ->
                        RegistryCredentials.of(user, text(entry, "password").orElse("")));
    }

    private static DocumentNode.Table table(DocumentNode.Table parent, String name) {
        return parent.members().get(name) instanceof DocumentNode.Table table
                ? table
                : new DocumentNode.Table(Map.of());
    }

    private static Optional<String> text(DocumentNode.Table parent, String name) {
        return parent.members().get(name) instanceof DocumentNode.Text(String text) && !text.isEmpty()
                ? Optional.of(text)
                : Optional.empty();
    }

    private static Optional<RegistryCredentials> ask(String helper, String server) throws IOException {
        if (!helper.matches("[A-Za-z0-9._-]+")) {
            throw new IOException("'" + helper + "' cannot be the name of a credential helper");
        }
        String program = "docker-credential-" + helper;
        Process process = new ProcessBuilder(program, "get")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            try (var input = process.getOutputStream()) {
                input.write((server + "\n").getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // It may not want to know; its exit status tells.
            }
            // A helper that hangs is ended, which ends the reading, too.
            Thread watch = Thread.ofVirtual().start(() -> endAfterAWhile(process));
            byte[] answer = process.getInputStream().readNBytes(LONGEST_ANSWER);
            int status = process.waitFor();
            watch.interrupt();
            if (status != 0) {
                // By convention that means that it has none, which it says in words only.
                return Optional.empty();
            }
            DocumentNode.Table document = JsonDocument.parse(new String(answer, StandardCharsets.UTF_8));
            String user = text(document, "Username").orElse("");
            String secret = text(document, "Secret").orElse("");
            return Optional.of(
                    user.equals(TOKEN_USER)
                            ? new RegistryCredentials("", Secret.NONE, new Secret(secret))
                            : RegistryCredentials.of(user, secret));
        } catch (ConfigurationException e) {
            throw new IOException(program + " gave no JSON object", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while " + program + " ran", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static void endAfterAWhile(Process process) {
        try {
            if (!process.waitFor(HELPER_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
