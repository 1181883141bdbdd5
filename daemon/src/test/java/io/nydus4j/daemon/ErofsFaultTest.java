package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.http.FaultyServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Lets go wrong what can while EROFS serves a lazy image: readers get the right bytes or an error, never anything else. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ErofsFaultTest {
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");

    @TempDir
    Path directory;

    private Path blob;
    private Path cache;

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        Files.createDirectory(directory.resolve("mnt"));
        cache = Files.createDirectory(directory.resolve("cache"));
        try (Stream<Path> blobs = Files.list(IMAGE.copyBlobs(directory.resolve("blobs")))) {
            blob = blobs.findFirst().orElseThrow();
        }
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Shell.out(tree, "tar --numeric-owner -xpf \"$1\"", IMAGE.archivePath().toString());
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private NydusDaemon start(StorageConfiguration configuration) throws IOException {
        return NydusDaemon.start(DaemonOptions.builder(
                        directory.resolve("mnt"), new ImageSource(IMAGE.bootstrap(), configuration, Optional.empty()))
                .driver(Driver.EROFS)
                .runFolder(directory.resolve("run"))
                .build());
    }

    private NydusDaemon start() throws IOException {
        return start(Golden.configuration(directory.resolve("blobs"), Optional.of(cache)));
    }

    @Test
    void readersFailWhenTheBackendIsGone() throws Exception {
        try (NydusDaemon daemon = start()) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Shell.out(directory, ": > \"$1\"", blob.toString());
            assertThat(SeenTree.errors(directory).lines())
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith("Input/output error"));
        }
    }

    @Test
    void readersFailWhereTheDataIsNotWhatItShouldBe() throws Exception {
        try (NydusDaemon daemon = start()) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Shell.out(
                    directory,
                    "dd if=/dev/urandom of=\"$1\" bs=1000 seek=20 count=2 conv=notrunc status=none",
                    blob.toString());
            assertThat(SeenTree.errors(directory).lines())
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith("Input/output error"));
        }
    }

    @Test
    void readersSeeTheRightDataWhenTheCacheFileIsReplaced() throws Exception {
        try (NydusDaemon daemon = start()) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Shell.out(cache, "for f in *.blob.data; do truncate -s $(stat -c %s $f) other; mv other $f; done");
            assertThat(SeenTree.errors(directory)).isEmpty();
        }
    }

    @Test
    void readersFailWhileTheDiskIsFullAndGoOnAfterwards() throws Exception {
        Shell.out(
                directory,
                "truncate -s 4M disk; mkfs.ext4 -q -O ^has_journal disk; mount -o loop disk cache;"
                        + " dd if=/dev/zero of=cache/filler bs=64k status=none 2>&1 || true;"
                        + " truncate -s -200k cache/filler");
        String impatient = Golden.configuration(directory.resolve("blobs"), Optional.of(cache))
                .toJson()
                .replace("\"filecache\":{", "\"filecache\":{\"room_timeout\":0,");
        try (NydusDaemon daemon = start(StorageConfiguration.parse(impatient))) {
            assertThat(daemon.isServedByKernel()).isTrue();
            assertThat(SeenTree.errors(directory).lines())
                    .isNotEmpty()
                    .allMatch(line -> line.endsWith("Input/output error"));
            Shell.out(cache, "rm filler");
            assertThat(SeenTree.errors(directory)).isEmpty();
        }
    }

    @Test
    void onlyWhatIsReadIsFetched() throws Exception {
        try (FaultyServer server = FaultyServer.start().with(blob.getFileName().toString(), Files.readAllBytes(blob))) {
            StorageConfiguration configuration = StorageConfiguration.parse(
                    "{\"version\":2,\"id\":\"i\",\"backend\":{\"type\":\"http-proxy\",\"http-proxy\":{\"addr\":\""
                            + server.address() + "\",\"path\":\"blobs\"}},"
                            + "\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                            + "\"}},\"rafs\":{\"mode\":\"direct\",\"batch_size\":0}}");
            try (NydusDaemon daemon = start(configuration)) {
                assertThat(daemon.isServedByKernel()).isTrue();
                server.forget();
                Shell.out(directory, "ls -lR mnt");
                assertThat(server.requests()).isEmpty();
                Shell.out(directory, "cmp mnt/sizes/text-1 tree/sizes/text-1");
                int[] counts = server.fetches(blob.getFileName().toString());
                long fetched = java.util.Arrays.stream(counts)
                        .filter(count -> count > 0)
                        .count();
                assertThat(fetched).isPositive().isLessThan(counts.length / 2);
                assertThat(SeenTree.errors(directory)).isEmpty();
            }
        }
    }
}
