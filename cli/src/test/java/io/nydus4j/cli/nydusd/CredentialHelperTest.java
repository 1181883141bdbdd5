package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.Shell;
import io.nydus4j.storage.registry.RegistryServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Mounts an image from a registry that wants a password, which only a credential helper knows. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class CredentialHelperTest {
    /** The password {@code se:cret}, hashed by bcrypt, the only way that this registry knows. */
    private static final String HASH = "$2y$05$abcdefghijklmnopqrstuuWqeDdmk0qhXLYvA33lbC9M700ynI2Oa";

    @TempDir
    Path directory;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    @Test
    void theHelperOfDockersConfigurationGivesThePassword() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar -xpf \"$1\"", image.archivePath().toString());
        Path passwords = Files.writeString(directory.resolve("htpasswd"), "me:" + HASH + "\n");
        String auth = "auth: {htpasswd: {realm: test, path: " + passwords + "}}\n";
        try (RegistryServer registry = RegistryServer.start(directory, auth)) {
            for (Path blob : image.blobFiles()) {
                registry.put("some/image", blob.getFileName().toString(), blob);
            }
            Path helper = Files.writeString(directory.resolve("docker-credential-test"), """
                #!/bin/sh
                read -r server
                echo "$1 $server" >>"%s/asked"
                echo '{"ServerURL": "'"$server"'", "Username": "me", "Secret": "se:cret"}'
                """.formatted(directory));
            Files.setPosixFilePermissions(helper, PosixFilePermissions.fromString("rwx------"));
            Files.writeString(
                    directory.resolve("config.json"), "{\"credHelpers\": {\"" + registry.host() + "\": \"test\"}}");
            Path configuration = Files.writeString(
                    directory.resolve("nydusd.json"),
                    "{\"version\":2,\"backend\":{\"type\":\"registry\",\"registry\":{\"scheme\":\"http\",\"host\":\""
                            + registry.host()
                            + "\",\"repo\":\"some/image\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\""
                            + directory.resolve("cache") + "\"}},\"rafs\":{\"mode\":\"direct\"}}");
            Map<String, String> environment =
                    Map.of("PATH", directory + ":" + System.getenv("PATH"), "DOCKER_CONFIG", directory.toString());
            try (NydusdProcess daemon = NydusdProcess.start(
                    directory,
                    environment,
                    "-B",
                    image.bootstrap().toString(),
                    "-C",
                    configuration.toString(),
                    "-M",
                    mountPoint.toString(),
                    "--rlimit-nofile",
                    "0")) {
                daemon.awaitMount(mountPoint);
                Shell.Result differences = Shell.run(
                        directory, "timeout 60 diff -r --no-dereference tree mnt | grep -v 'while file .* is a'");
                assertThat(differences.out() + differences.err()).isEmpty();
                daemon.signal("TERM");
                assertThat(daemon.waitFor()).isZero();
                assertThat(daemon.log()).doesNotContain("se:cret");
            }
            assertThat(Files.readAllLines(directory.resolve("asked")))
                    .as("how often the helper was asked")
                    .hasSizeBetween(1, 2)
                    .containsOnly("get " + registry.host());
            assertThat(registry.accesses())
                    .as("without a password nobody gets anything")
                    .anyMatch(access -> access.status() == 401);
        }
    }
}
