package io.nydus4j.storage.backend;

import io.nydus4j.storage.config.BucketSettings;
import io.nydus4j.storage.config.Secret;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Who asks an S3 store.
 *
 * @param accessKeyId  names the key
 * @param secret       the key
 * @param sessionToken goes with keys that end; empty for others
 */
record AwsCredentials(String accessKeyId, Secret secret, Secret sessionToken) {
    private static final Logger LOGGER = System.getLogger(AwsCredentials.class.getName());

    /** Variables that name credentials which must be asked for at a server. */
    private static final List<String> UNKNOWN_SOURCES = List.of(
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_ROLE_ARN",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI");

    /**
     * Finds credentials: those of the settings, else of the environment, else of the profile in {@code ~/.aws/credentials}. Roles and
     * web identities are not looked for; if the environment names some, a warning says so.
     *
     * @return empty where there are none, for buckets that all may read
     * @throws IOException if the file is there and cannot be read
     */
    static Optional<AwsCredentials> find(BucketSettings settings, Map<String, String> environment) throws IOException {
        if (!settings.accessKeyId().isEmpty() && !settings.accessKeySecret().isEmpty()) {
            return Optional.of(
                    new AwsCredentials(settings.accessKeyId().value(), settings.accessKeySecret(), Secret.NONE));
        }
        Optional<AwsCredentials> found = of(
                environment.get("AWS_ACCESS_KEY_ID"),
                environment.get("AWS_SECRET_ACCESS_KEY"),
                environment.get("AWS_SESSION_TOKEN"));
        if (found.isPresent()) {
            return found;
        }
        String home = environment.getOrDefault("HOME", System.getProperty("user.home", "/"));
        Path file = Path.of(environment.getOrDefault("AWS_SHARED_CREDENTIALS_FILE", home + "/.aws/credentials"));
        Map<String, String> profile = profile(file, environment.getOrDefault("AWS_PROFILE", "default"));
        found = of(
                profile.get("aws_access_key_id"),
                profile.get("aws_secret_access_key"),
                profile.get("aws_session_token"));
        if (found.isEmpty()) {
            warnOfUnknownSources(environment);
        }
        return found;
    }

    private static void warnOfUnknownSources(Map<String, String> environment) {
        for (String variable : UNKNOWN_SOURCES) {
            if (environment.containsKey(variable)) {
                LOGGER.log(
                        Level.WARNING,
                        "the S3 backend does not take credentials by " + variable
                                + " and asks as nobody: set access_key_id and access_key_secret, or AWS_ACCESS_KEY_ID"
                                + " and AWS_SECRET_ACCESS_KEY");
                return;
            }
        }
    }

    private static Optional<AwsCredentials> of(@Nullable String id, @Nullable String secret, @Nullable String token) {
        if (id == null || id.isEmpty() || secret == null || secret.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new AwsCredentials(id, new Secret(secret), token == null ? Secret.NONE : new Secret(token)));
    }

    private static Map<String, String> profile(Path file, String name) throws IOException {
        Map<String, String> members = new HashMap<>();
        String section = "";
        try {
            for (String line : Files.readAllLines(file)) {
                String text = line.strip();
                int equals = text.indexOf('=');
                if (text.startsWith("[") && text.endsWith("]")) {
                    section = text.substring(1, text.length() - 1).strip();
                } else if (section.equals(name) && equals > 0 && text.charAt(0) != '#') {
                    members.put(
                            text.substring(0, equals).strip(),
                            text.substring(equals + 1).strip());
                }
            }
        } catch (NoSuchFileException e) {
            return Map.of();
        }
        return members;
    }
}
