package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.http.HttpExchange;
import io.nydus4j.storage.http.FaultyServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Images whose data a registry has, and who may read it changes. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class RegistryMountTest {
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");

    @TempDir
    Path directory;

    private Path mountPoint;
    private FaultyServer registry;
    private volatile String password = "first";

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void start() throws Exception {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Files.createDirectory(directory.resolve("cache"));
        registry = FaultyServer.start();
        try (Stream<Path> blobs = Files.list(IMAGE.copyBlobs(directory.resolve("blobs")))) {
            for (Path blob : blobs.toList()) {
                registry.with(blob.getFileName().toString(), Files.readAllBytes(blob));
            }
        }
        registry.answer((request, answer) -> {
            if (request.header("authorization").equals(Optional.of("Basic " + auth(password)))) {
                registry.serveBlob(request, answer);
            } else {
                answer.send(401, Map.of("WWW-Authenticate", "Basic realm=\"r\""), new byte[0]);
            }
        });
    }

    @AfterEach
    void stop() throws Exception {
        registry.close();
        Shell.unmountBelow(directory);
    }

    private static String auth(String secret) {
        return Base64.getEncoder().encodeToString(("me:" + secret).getBytes(StandardCharsets.UTF_8));
    }

    private int setAuth(String id, String secret) throws Exception {
        String body = "{\"registry_auth\":\"" + auth(secret) + "\"}";
        String request = "PUT /api/v1/config?id=" + id + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                + body.length() + "\r\n\r\n" + body;
        return HttpExchange.send(directory.resolve("api"), request.getBytes(StandardCharsets.UTF_8))
                .status();
    }

    private String length(String file) throws Exception {
        return Shell.out(mountPoint, "cat image/sizes/\"$1\" | wc -c", file).strip();
    }

    @Test
    void aPasswordThatChangesIsSetWhileTheImageIsMounted() throws Exception {
        String config = """
            {"version":2,"backend":{"type":"registry","registry":{"scheme":"http","host":"%s","repo":"some/repo",
            "auth":"%s","retry_limit":0}},"cache":{"type":"filecache","filecache":{"work_dir":"%s"}},
            "rafs":{"mode":"direct","batch_size":4096}}\
            """.formatted(registry.host(), auth(password), directory.resolve("cache"));
        try (NydusDaemon _ = NydusDaemon.start(DaemonOptions.builder(mountPoint)
                .apiSocket(directory.resolve("api"))
                .build())) {
            new DaemonClient(directory.resolve("api")).mount("/image", IMAGE.request(config));
            assertThat(length("text-4096")).isEqualTo("4096");
            password = "second";
            assertThat(Shell.run(mountPoint, "cat image/sizes/noise-40000").err())
                    .contains("Input/output error");
            assertThat(setAuth("/other", "second")).isEqualTo(204);
            assertThat(Shell.run(mountPoint, "cat image/sizes/noise-40000").err())
                    .contains("Input/output error");
            assertThat(setAuth("/image", "second")).isEqualTo(204);
            assertThat(length("noise-40000")).isEqualTo("40000");
        }
        assertThat(registry.requests())
                .extracting(request -> request.header("authorization").orElse(""))
                .contains("Basic " + auth("first"), "Basic " + auth("second"));
    }
}
