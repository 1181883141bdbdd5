package io.nydus4j.storage.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.storage.config.Secret;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Credentials of {@code docker login}. */
final class DockerCredentialsTest {
    @TempDir
    Path folder;

    private Optional<RegistryCredentials> find(String document, String host) throws IOException {
        Files.writeString(folder.resolve("config.json"), document);
        return DockerCredentials.ofUser(Map.of("DOCKER_CONFIG", folder.toString()))
                .of(host)
                .find();
    }

    @Test
    void passwordIsFoundByHost() throws IOException {
        String document = """
                {"auths": {"other": {"auth": "eDp5"}, "https://reg:5000/v2/": {"auth": "bWU6c2U6Y3JldA=="},
                 "https://index.docker.io/v1/": {"username": "hub", "password": "pw"},
                 "azure": {"auth": "bWU6", "identitytoken": "idt"}, "empty": {}}, "HttpHeaders": {}}""";
        assertThat(find(document, "reg:5000")).contains(RegistryCredentials.of("me", "se:cret"));
        assertThat(find(document, "registry-1.docker.io")).contains(RegistryCredentials.of("hub", "pw"));
        assertThat(find(document, "azure")).contains(new RegistryCredentials("", Secret.NONE, new Secret("idt")));
        assertThat(find(document, "empty")).isEmpty();
        assertThat(find(document, "reg")).isEmpty();
    }

    @Test
    void missingFileMeansNobody() throws IOException {
        assertThat(new DockerCredentials(folder.resolve("none")).find("h")).isEmpty();
    }

    @Test
    void damagedFileIsAnErrorThatQuotesNothing() {
        assertThatThrownBy(() -> find("{\"auths\": {\"h\": {\"auth\": \"hidden-secret\" oops", "h"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("config.json")
                .hasMessageNotContaining("hidden-secret");
        assertThatThrownBy(() -> find("{\"auths\": {\"h\": {\"auth\": \"hidden-secret\"}}}", "h"))
                .hasMessageNotContaining("hidden-secret");
    }

    @Test
    void helperWhoseNameIsAPathIsNotRun() {
        assertThatThrownBy(() -> find("{\"credsStore\": \"../../bin/sh\"}", "h"))
                .hasMessageContaining("cannot be the name");
        assertThatThrownBy(() -> find("{\"credHelpers\": {\"h\": \"nydus4j-is-not-there\"}}", "h"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("docker-credential-nydus4j-is-not-there");
    }
}
