package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.storage.Awaits;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.http.FaultyServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a daemon fetches before anybody asks: what was recorded of the reference, and what is asked for by the API. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
class PrefetchApiTest {
    private static final String BACKEND = "v1/metrics/backend";
    private static final String CACHE = "v1/metrics/blobcache";
    private static final int MAP_HEADER = 4096;
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path cache;
    private Path blobs;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws Exception {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        cache = Files.createDirectory(directory.resolve("cache"));
        blobs = directory.resolve("blobs");
        for (String image : List.of("v6-zstd-4k", "v6-none-4k", "v5-lz4-4k", "v6-prefetch-fs")) {
            Golden.of(image).copyBlobs(blobs);
        }
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private DaemonClient client() {
        return new DaemonClient(directory.resolve("api"));
    }

    private DaemonOptions.Builder options() {
        return DaemonOptions.builder(mountPoint).apiSocket(directory.resolve("api"));
    }

    /** Returns how many chunks the only chunk map says are there. */
    private int chunksReady() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            Path map = files.filter(file -> file.toString().endsWith(".chunk_map"))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(map);
            return BitSet.valueOf(Arrays.copyOfRange(bytes, MAP_HEADER, bytes.length))
                    .cardinality();
        }
    }

    private void awaitChunks(int count) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (chunksReady() < count && System.nanoTime() < end) {
            Thread.sleep(10);
        }
        assertThat(chunksReady()).as("chunks that are there").isEqualTo(count);
    }

    /** Waits until the daemon says that all is there, which it does after the map has the last chunk. */
    private void awaitAllReady() throws InterruptedException {
        Awaits.until(() -> {
            try {
                return client().get(CACHE).get("data_all_ready").isTrue();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"0-c-pf1-v6", "1-c-pf1-v5", "2-c-pf2-v6", "3-c-pf3-v6", "5-c-pf3-v5-files", "6-c-pf3-v6-table"})
    void fetchesWhatTheReferenceDid(String folder) throws Exception {
        Path recorded = Path.of(System.getProperty("nydus4j.testdata"), "api/prefetch", folder);
        String setup = Files.readString(recorded.resolve("setup.txt"));
        String[] sections = setup.split("\n== \\S+\n", -1);
        Matcher image = Pattern.compile("<FIXTURES>/(\\S+)/boot").matcher(sections[0]);
        assertThat(image.find()).isTrue();
        StorageConfiguration configuration =
                StorageConfiguration.parse(sections[1].replace("<DIR>", directory.toString()));
        Optional<List<String>> files = sections.length < 3
                ? Optional.empty()
                : Optional.of(
                        sections[2].lines().filter(line -> !line.isBlank()).toList());
        Matcher ready = Pattern.compile("chunks ready: ([0-9]+) of")
                .matcher(Files.readString(recorded.resolve("chunk-map.txt")));
        assertThat(ready.find()).isTrue();
        try (NydusDaemon _ = NydusDaemon.start(options()
                .image(new ImageSource(Golden.of(image.group(1)).bootstrap(), configuration, files))
                .build())) {
            int count = Integer.parseInt(ready.group(1));
            if (count == 0) {
                Thread.sleep(100);
            }
            awaitChunks(count);
            for (RecordedCase asked : RecordedCase.all("prefetch/" + folder)) {
                boolean exact = image.group(1).equals(IMAGE.toString());
                compare(folder, asked, exact);
            }
        }
    }

    /** Compares counters; all of the v5 image and those of merged requests depend on timing there and here. */
    private void compare(String folder, RecordedCase asked, boolean exact) throws IOException {
        String path = asked.section("request").split(" ", 3)[1].substring("/api/".length());
        JsonValue expected = JsonValue.parse(asked.body().replace("<N>", "1").getBytes(StandardCharsets.UTF_8));
        List<String> members = path.endsWith("backend")
                ? exact ? List.of("read_count", "read_errors", "read_amount_total") : List.of("read_errors")
                : exact
                        ? List.of(
                                "entries_count",
                                "prefetch_data_amount",
                                "prefetch_requests_count",
                                "prefetch_workers",
                                "prefetch_unmerged_chunks")
                        : List.of("entries_count", "prefetch_workers", "prefetch_unmerged_chunks");
        JsonValue seen = client().get(path);
        for (String member : members) {
            assertThat(seen.get(member).number())
                    .as(folder + " " + member)
                    .isEqualTo(expected.get(member).number());
        }
    }

    private String config(String backend) {
        return "{\"version\":2,\"backend\":" + backend
                + ",\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                + "\"},\"prefetch\":{\"enable\":true,\"threads\":1,\"batch_size\":4096}},\"rafs\":{\"mode\":\"direct\","
                + "\"prefetch\":{\"enable\":true,\"threads\":1,\"batch_size\":4096}}}";
    }

    @Test
    void aListOfTheApiIsFetchedAndARootMeansEverything() throws Exception {
        String config = config("{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs + "\"}}");
        String boot = IMAGE.bootstrap().toString();
        try (NydusDaemon _ = NydusDaemon.start(options().build())) {
            client().mount(
                            "/some",
                            new MountRequest(
                                    boot, "rafs", config, Optional.of(List.of("/sizes/noise-40000", "/nothing"))));
            JsonValue fetched = settled();
            assertThat(chunksReady()).as("chunks that are there").isBetween(10, 383);
            assertThat(client().get(CACHE).get("data_all_ready").isTrue()).isFalse();
            Shell.out(mountPoint, "cat some/sizes/noise-40000 > /dev/null");
            assertThat(client().get(BACKEND).get("read_count")).isEqualTo(fetched.get("read_count"));
            client().unmount("/some");
            client().mount("/all", new MountRequest(boot, "rafs", config, Optional.of(List.of("/"))));
            awaitChunks(384);
            awaitAllReady();
        }
    }

    /** Returns the counters of the backend once the file that was listed is there. */
    private JsonValue settled() throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (chunksReady() < 10 && System.nanoTime() < end) {
            Thread.sleep(10);
        }
        Thread.sleep(100);
        return client().get(BACKEND);
    }

    @Test
    void unmountingStops() throws Exception {
        try (FaultyServer server = FaultyServer.start()) {
            try (Stream<Path> files = Files.list(blobs)) {
                for (Path blob : files.toList()) {
                    server.with(blob.getFileName().toString(), Files.readAllBytes(blob));
                }
            }
            String config = config("{\"type\":\"registry\",\"registry\":{\"scheme\":\"http\",\"host\":\""
                    + server.host() + "\",\"repo\":\"some/repo\",\"auth\":\"\"}}");
            try (NydusDaemon _ = NydusDaemon.start(options().build())) {
                server.answer((request, answer) -> {
                    try {
                        Thread.sleep(300);
                    } catch (InterruptedException e) {
                        throw new IOException(e);
                    }
                    server.serveBlob(request, answer);
                });
                client().mount(
                                "/image",
                                new MountRequest(
                                        Golden.of("v6-none-4k").bootstrap().toString(),
                                        "rafs",
                                        config,
                                        Optional.of(List.of("/"))));
                server.forget();
                while (server.requests().isEmpty()) {
                    Thread.sleep(5);
                }
                client().unmount("/image");
                int asked = server.requests().size();
                Thread.sleep(500);
                assertThat(server.requests()).as("after the unmount").hasSize(asked);
            }
        }
    }
}
