package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.storage.http.FaultyServer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blobs and caches that are missing, cut or damaged, and registries that fail: what the reference showed then, and what is better here. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class RecordedFaultsTest {
    private static final Golden SIX = Golden.of("v6-zstd-4k");
    private static final Golden FIVE = Golden.of("v5-lz4-4k");
    private static final int CUT = 1000;

    @TempDir
    Path directory;

    private Path blobs;
    private Path cache;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void makeFolders() throws IOException {
        Files.createDirectory(directory.resolve("mnt"));
        blobs = Files.createDirectory(directory.resolve("blobs2"));
        cache = Files.createDirectory(directory.resolve("cache2"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusDaemon start() throws IOException {
        return NydusDaemon.start(DaemonOptions.builder(directory.resolve("mnt"))
                .apiSocket(directory.resolve("api.sock"))
                .build());
    }

    private Path blob(Golden image) throws IOException {
        return blobs.resolve(image.blobFiles().getFirst().getFileName());
    }

    private void putBlob(Golden image) throws IOException {
        Files.copy(image.blobFiles().getFirst(), blob(image), StandardCopyOption.REPLACE_EXISTING);
    }

    private void zero(Golden image, long from, int count) throws IOException {
        putBlob(image);
        try (RandomAccessFile file = new RandomAccessFile(blob(image).toFile(), "rw")) {
            file.seek(from);
            file.write(new byte[count]);
        }
    }

    private void cut(Golden image, long length) throws IOException {
        putBlob(image);
        try (RandomAccessFile file = new RandomAccessFile(blob(image).toFile(), "rw")) {
            file.setLength(length);
        }
    }

    private void emptyCache() throws IOException {
        try (Stream<Path> files = Files.list(cache)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    private Path cacheFile(Golden image, String suffix) throws IOException {
        return cache.resolve(blob(image).getFileName() + suffix);
    }

    /** Does to blobs and cache what the recording did before a case. */
    private void prepare(String line) throws IOException {
        switch (line) {
            case "blob of the v6 image replaced by its first 1000 bytes" -> cut(SIX, CUT);
            case "first 60000 bytes of the v6 blob zeroed (blob.meta intact); cache directory emptied" -> {
                zero(SIX, 0, 60_000);
                emptyCache();
            }
            case "blob of the v5 image unlinked after the mount" -> Files.delete(blob(FIVE));
            case "first half of the v5 blob zeroed; cache emptied; no validation" -> {
                zero(FIVE, 0, (int) Files.size(FIVE.blobFiles().getFirst()) / 2);
                emptyCache();
            }
            case "cache emptied" -> emptyCache();
            case "v5 blob cut to 20000 bytes; cache emptied" -> {
                cut(FIVE, 20_000);
                emptyCache();
            }
            case "cache emptied, a chunk_map of 5000 bytes x put there" -> {
                emptyCache();
                byte[] map = new byte[5000];
                Arrays.fill(map, (byte) 'x');
                Files.write(cacheFile(FIVE, ".blob.data.chunk_map"), map);
            }
            case "cache emptied, a blob.data larger than the blob put there" -> {
                emptyCache();
                Files.write(cacheFile(FIVE, ".blob.data"), new byte[600_000]);
            }
            case "cache emptied, an all-zero chunk_map of the right size" -> {
                emptyCache();
                Files.write(cacheFile(FIVE, ".blob.data.chunk_map"), new byte[4144]);
            }
            default -> {
                if (!line.startsWith("read whole ")) {
                    throw new AssertionError("unknown preparation: " + line);
                }
            }
        }
    }

    /**
     * Cases in which this daemon is better on purpose: a blob that is too short for the chunk information of its image is refused when
     * it is mounted, not by EINVAL whenever somebody reads. Reads that fail for a blob is short are told of as events, and what has not
     * come is asked for again.
     */
    private static final Set<String> OTHER = Set.of(
            "050-mount-v6-truncated-blob",
            "060-events-truncated",
            "070-backend-metrics-truncated",
            "080-umount-six",
            "270-events-v5-cut",
            "280-backend-v5-cut");

    @Test
    void brokenBlobsAndCachesAreAnsweredAsTheReferenceDid() throws Exception {
        RecordedReplay replay = new RecordedReplay(directory, OTHER);
        try (NydusDaemon daemon = start()) {
            for (RecordedCase recorded : RecordedCase.all("read-errors")) {
                if (recorded.name().equals("170-mount-v5")) {
                    putBlob(FIVE);
                }
                for (String line : recorded.section("before").lines().toList()) {
                    prepare(line);
                    if (!recorded.name().equals("060-events-truncated")) { // nothing is mounted there
                        replay.read(recorded, line);
                    }
                }
                replay.send(recorded);
            }
            assertThat(daemon.mountTable().mounts()).isNotEmpty();
        }
        assertThat(replay.differences()).isEmpty();
    }

    /** The reference delivered wrong bytes of chunks that were stored uncompressed; here nobody gets any. */
    @ParameterizedTest
    @CsvSource({
        "v6-zstd-4k, 150000, 'noise-4096, noise-4097'",
        "v6-zstd-4k, 20000, ''",
        "v5-lz4-4k, 150000, noise-40000",
        "v5-lz4-4k, 20000, ''"
    })
    void damagedChunkIsAnErrorForTheFilesThatHoldItAndForNoOthers(String image, long offset, String damaged)
            throws Exception {
        Golden golden = Golden.of(image);
        zero(golden, offset, 200);
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar -xpf \"$1\"", golden.archivePath().toString());
        Set<String> expected = new TreeSet<>(List.of(damaged.split(", ")));
        expected.remove("");
        try (NydusDaemon _ = start()) {
            new DaemonClient(directory.resolve("api.sock"))
                    .mount(
                            "/m",
                            new MountRequest(
                                    golden.bootstrap().toString(),
                                    "rafs",
                                    "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                                            + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\""
                                            + cache + "\"}},\"rafs\":{\"mode\":\"direct\"}}",
                                    Optional.empty()));
            String failed = Shell.out(
                    directory,
                    "cd mnt/m/sizes && for f in *; do timeout 60 cat \"$f\" >../../../out 2>../../../err || { grep -q"
                            + " 'Input/output error' ../../../err && echo \"$f\"; continue; }; cmp \"$f\""
                            + " ../../../tree/sizes/\"$f\" || echo \"$f differs\"; done");
            assertThat(new TreeSet<>(failed.lines().toList())).isEqualTo(expected);
        }
    }

    /** The kernel may read ahead still, as it did when that was recorded. */
    private static void awaitNone(RecordedReplay replay, RecordedCase recorded)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (replay.last().status() != 204) {
            assertThat(System.nanoTime()).as(replay.last().body()).isLessThan(end);
            Thread.sleep(50);
            replay.send(recorded);
        }
    }

    private static JsonValue json(RecordedReplay replay) throws IOException {
        return JsonValue.parse(replay.last().body());
    }

    /**
     * Same answers, but for numbers of attempts: an error is for the reader as soon as it is certain. Texts of errors are our own and name
     * the cause.
     */
    @Test
    void registriesThatFailAreAnsweredAsTheReferenceDid() throws Exception {
        Set<String> counted =
                Set.of("040-events", "050-backend-after", "090-inflight-one", "100-events-404", "110-inflight-none");
        RecordedReplay replay = new RecordedReplay(directory, counted);
        try (NydusDaemon _ = start();
                FaultyServer registry = FaultyServer.start()) {
            registry.answer((_, answer) -> {
                try {
                    Thread.sleep(1000);
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                answer.send(404, "not found");
            });
            String port = registry.host().replaceAll(".*:", "");
            List<Process> readers = new ArrayList<>();
            for (RecordedCase recorded : RecordedCase.all("network-errors")) {
                if (recorded.name().equals("090-inflight-one")) {
                    readers.add(new ProcessBuilder("cat", "mnt/slow/sizes/noise-4096")
                            .directory(directory.toFile())
                            .start());
                    while (registry.requests().isEmpty()) {
                        Thread.sleep(5);
                    }
                }
                replay.run(recorded.with("request", recorded.section("request").replace("<PORT>", port)));
                switch (recorded.name()) {
                    case "040-events" -> {
                        assertThat(json(replay).get("total_errors").number()).isEqualTo(2);
                        assertThat(json(replay).get("errors").items())
                                .allSatisfy(error -> assertThat(error.text())
                                        .contains(
                                                "127.0.0.1:1",
                                                "bc5457e8425f944f594890a0c3f513c523dcf98c975e0064b349f7686da3c341")
                                        .containsIgnoringCase("connection refused"));
                    }
                    case "050-backend-after" -> {
                        JsonValue seen = json(replay);
                        JsonValue there = JsonValue.parse(recorded.body().replaceAll("<[A-Z]+>", "0"));
                        assertThat(seen.get("backend_type")).isEqualTo(there.get("backend_type"));
                        assertThat(seen.get("read_count").number())
                                .isEqualTo(there.get("read_count").number());
                        assertThat(seen.get("read_errors")).isEqualTo(seen.get("read_count"));
                    }
                    case "090-inflight-one" -> {
                        assertThat(json(replay).items()).hasSize(1);
                        JsonValue there = JsonValue.parse(recorded.body().replace("<N>", "0"))
                                .items()
                                .getFirst();
                        JsonValue seen = json(replay).items().getFirst();
                        assertThat(seen.get("inode")).isEqualTo(there.get("inode"));
                        assertThat(seen.get("opcode")).isEqualTo(there.get("opcode"));
                        assertThat(seen.get("unique").number()).isPositive();
                        assertThat(seen.get("timestamp_secs").number()).isPositive();
                        Process slow = readers.getFirst();
                        assertThat(slow.waitFor(60, TimeUnit.SECONDS)).isTrue();
                        assertThat(new String(slow.getErrorStream().readAllBytes(), StandardCharsets.UTF_8))
                                .contains("Input/output error");
                    }
                    case "100-events-404" ->
                        assertThat(json(replay).get("errors").items().getLast().text())
                                .contains("404", "not found");
                    case "110-inflight-none" -> awaitNone(replay, recorded);
                    default -> {}
                }
            }
            FaultyServer.Request request = registry.requests().getFirst();
            assertThat(request.path())
                    .isEqualTo("/v2/r/blobs/sha256:bc5457e8425f944f594890a0c3f513c523dcf98c975e0064b349f7686da3c341");
            assertThat(request.header("user-agent")).contains("nydusd/1.0.0");
        }
        assertThat(replay.differences()).isEmpty();
    }
}
