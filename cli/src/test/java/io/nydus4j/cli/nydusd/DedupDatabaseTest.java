package io.nydus4j.cli.nydusd;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.Listing;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.linux.ChildJvm;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Daemons with one {@code --dedup-db}, whose images hold the same tree in different blobs, each with a cache of its own. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class DedupDatabaseTest {
    private static final String BACKEND = "v1/metrics/backend";

    @TempDir
    Path folder;

    private final List<Process> daemons = new ArrayList<>();

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @BeforeEach
    void copyBlobs() throws Exception {
        for (String image : List.of("v6-lz4-4k", "v6-zstd-4k")) {
            Golden.of(image).copyBlobs(folder.resolve("blobs"));
        }
    }

    @AfterEach
    void end() throws Exception {
        for (Process daemon : daemons) {
            daemon.destroy();
            daemon.waitFor();
        }
        Shell.run(folder, "umount -l */mnt 2>/dev/null");
    }

    private DaemonClient client(String image) {
        return new DaemonClient(folder.resolve(image).resolve("api"));
    }

    /** Starts {@code nydusd}, and waits until it answers. */
    private Process start(String image) throws Exception {
        Process daemon = process(image);
        while (!answers(image)) {
            assertThat(daemon.isAlive()).as(log(image)).isTrue();
            Thread.sleep(20);
        }
        return daemon;
    }

    private Process process(String image, String... more) throws Exception {
        Path own = Files.createDirectories(folder.resolve(image));
        Path mountPoint = Files.createDirectories(own.resolve("mnt"));
        Path config = Files.writeString(
                own.resolve("config.json"),
                "{\"version\":2,\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + folder.resolve("blobs")
                        + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + own.resolve("cache")
                        + "\"}},\"rafs\":{\"mode\":\"direct\"}}");
        List<String> command = ChildJvm.command(
                Nydusd.class,
                "-B",
                Golden.of(image).bootstrap().toString(),
                "-C",
                config.toString(),
                "-M",
                mountPoint.toString(),
                "-A",
                own.resolve("api").toString(),
                "--dedup-db",
                folder.resolve("cas.db").toString());
        command.addAll(List.of(more));
        Process daemon = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(own.resolve("log").toFile())
                .start();
        daemons.add(daemon);
        return daemon;
    }

    private boolean answers(String image) {
        try {
            client(image).info();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String log(String image) throws IOException {
        return Files.readString(folder.resolve(image).resolve("log"), StandardCharsets.UTF_8);
    }

    private long fetched(String image) throws IOException {
        return client(image).get(BACKEND).get("read_amount_total").number();
    }

    private String contents(String image) throws Exception {
        return Listing.contents(folder.resolve(image).resolve("mnt"));
    }

    @Test
    void oneDaemonTakesFromTheOthersCache() throws Exception {
        Process first = start("v6-lz4-4k");
        long before = fetched("v6-lz4-4k");
        String contents = contents("v6-lz4-4k");
        assertThat(fetched("v6-lz4-4k")).isGreaterThan(before);
        start("v6-zstd-4k");
        before = fetched("v6-zstd-4k");
        // What the first one told may still be on its way.
        Thread.sleep(500);
        Listing.assertSame(contents("v6-zstd-4k"), contents);
        assertThat(fetched("v6-zstd-4k")).as("bytes read from the backend").isEqualTo(before);
        first.destroy();
        assertThat(first.waitFor()).isZero();
    }

    @Test
    void kernelDoesNotServeCachesThatShare() throws Exception {
        Process daemon = process("v6-zstd-4k", "--driver", "erofs");
        assertThat(daemon.waitFor()).isEqualTo(1);
        assertThat(log("v6-zstd-4k")).contains("chunks are to be taken from other caches");
    }

    @Test
    void damagedDatabaseCostsAWarning() throws Exception {
        Files.writeString(folder.resolve("cas.db"), "this is no database. ".repeat(500));
        start("v6-zstd-4k");
        assertThat(log("v6-zstd-4k")).contains("WARN").contains("cas.db is damaged, or none, going on without it");
        assertThat(contents("v6-zstd-4k")).isNotEmpty();
    }
}
