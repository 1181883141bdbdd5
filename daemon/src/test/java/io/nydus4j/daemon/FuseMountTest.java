package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Mounts the reference's images and compares what other programs see with the trees that they were made from. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class FuseMountTest {
    private static final Map<String, Path> TREES = new HashMap<>();

    @TempDir
    static Path unpacked;

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path blobs;
    private Path cache;

    @BeforeAll
    static void needFuse() {
        FuseCondition.requireRootAndFuse();
    }

    @AfterAll
    static void forgetTrees() {
        TREES.clear();
    }

    @BeforeEach
    void makeFolders() throws IOException {
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        cache = Files.createDirectory(directory.resolve("cache"));
        blobs = directory.resolve("blobs");
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    /** Returns the tree that an image was made from. */
    private static Path tree(Golden image) {
        return TREES.computeIfAbsent(image.archive(), archive -> {
            try {
                return image.unpack(unpacked.resolve(archive));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        });
    }

    private NydusDaemon start(Golden image, StorageConfiguration configuration) throws IOException {
        ImageSource source = new ImageSource(image.bootstrap(), configuration, Optional.empty());
        return NydusDaemon.start(DaemonOptions.builder(mountPoint, source)
                .apiSocket(directory.resolve("api"))
                .build());
    }

    /** Returns how many file systems are mounted on the mount point, as text. */
    private String mounts() throws Exception {
        return Shell.out(directory, "grep -c \"$PWD/mnt \" /proc/self/mounts || true")
                .strip();
    }

    private void compareWithTree(Golden image) throws Exception {
        Path tree = tree(image);
        image.assertShown(mountPoint, tree);
        Shell.Result difference = Shell.run(
                directory, "diff -r --no-dereference \"$1\" mnt | grep -v 'while file .* is a'", tree.toString());
        assertThat(difference.out() + difference.err()).isEmpty();
    }

    static Stream<Golden> images() {
        return Golden.ALL.stream();
    }

    static Stream<Golden> someImages() {
        return Golden.ALL.stream().filter(image -> image.name().matches("v[56]-(zstd|lz4|none)-4k|v5-none-sha256"));
    }

    @ParameterizedTest
    @MethodSource("someImages")
    void showsTheTreeOfImagesUnderABudget(Golden image) throws Exception {
        image.copyBlobs(blobs);
        // Room for a part of it: what was read goes while other parts are read, by several readers at once.
        try (NydusDaemon _ = start(image, TestStores.budget(blobs, cache, 300_000))) {
            String tree = tree(image).toString();
            String compare = "diff -r --no-dereference \"$1\" mnt | grep -v 'while file .* is a'";
            Shell.Result differences = Shell.run(
                    directory,
                    "(" + compare + ") & (find mnt -type f -print0 | sort -zr | xargs -0 cat >/dev/null) & (" + compare
                            + "); wait",
                    tree);
            assertThat(differences.out() + differences.err()).isEmpty();
            compareWithTree(image);
        }
    }

    @ParameterizedTest
    @MethodSource("someImages")
    void showsTheTreeWhileTheDiskIsFull(Golden image) throws Exception {
        image.copyBlobs(blobs);
        Shell.out(directory, "mkdir -p \"$1\" && mount -t tmpfs -o size=200k tmpfs \"$1\"", cache.toString());
        FileCacheSettings files = FileCacheSettings.in(cache.toString()).withRoomSeconds(0);
        StorageConfiguration configuration =
                TestStores.of(blobs, TestStores.cache(files, false, false, PrefetchConfiguration.ABSENT));
        try (NydusDaemon _ = start(image, configuration)) {
            compareWithTree(image);
        } finally {
            Shell.run(directory, "umount -l \"$1\"", cache.toString());
        }
    }

    static Stream<Golden> v5Images() {
        return Golden.ALL.stream().filter(image -> !image.isV6());
    }

    @ParameterizedTest
    @MethodSource("images")
    void showsTheTreeOfEveryImageWithACacheOfFiles(Golden image) throws Exception {
        image.copyBlobs(blobs);
        for (String run : List.of("cold", "warm")) {
            try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)))) {
                assertThat(daemon.state()).as(run).isEqualTo(DaemonState.RUNNING);
                compareWithTree(image);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("v5Images")
    void showsTheTreeOfV5ImagesWithoutACache(Golden image) throws Exception {
        image.copyBlobs(blobs);
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.empty()))) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            compareWithTree(image);
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void showsTheTreeWithBlobsAndCacheInOneFolder(Golden image) throws Exception {
        image.copyBlobs(blobs);
        StorageConfiguration configuration = TestStores.of(blobs, CacheConfiguration.inFiles(blobs.toString()));
        try (NydusDaemon daemon = start(image, configuration)) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree(image)));
        }
    }

    @Test
    void refusesV6WithoutACacheOfFiles() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        assertThatThrownBy(() -> start(image, Golden.configuration(blobs, Optional.empty())))
                .isInstanceOf(IOException.class)
                .hasMessage("Rafs v6 must have local blobcache configured");
    }

    /** Each inode as the reference's mount showed it: numbers, blocks and times, too. */
    @ParameterizedTest
    @MethodSource("recordedMounts")
    void showsInodesAsTheReferenceDoes(Golden image) throws Exception {
        image.copyBlobs(blobs);
        StringBuilder expected = new StringBuilder();
        String folder = image.isV6() ? "fuse-v6-tree" : "fuse-v5-tree";
        List<String> lines =
                Files.readAllLines(Path.of(System.getProperty("nydus4j.testdata"), "api", folder, "tree.tsv"));
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            String path = JsonValue.parse(fields[0]).text();
            if (path == null || path.equals("/")) {
                continue;
            }
            String name = new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            expected.append(name).append('\t');
            for (int i : new int[] {2, 4, 5, 6, 7, 8, 10, 11, 12}) {
                expected.append(fields[i]).append(' ');
            }
            expected.append('\n');
        }
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)))) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            String seen = Shell.out(
                    mountPoint,
                    "find . -mindepth 1 -printf '/%P\\t%i %n %U %G %s %b %T@ %A@ %C@ \\0' | tr '\\0' '\\n'");
            // find prints ten digits of a fraction, the last always 0
            Listing.assertSame(seen.replaceAll("(\\.[0-9]{9})0 ", "$1 "), expected.toString());
            assertThat(Shell.out(directory, "stat -c '%a %i' mnt").strip())
                    .isEqualTo("755 " + lines.get(1).split("\t", -1)[2]);
        }
    }

    static Stream<Golden> recordedMounts() {
        return Stream.of(Golden.of("v6-zstd-4k"), Golden.of("v5-lz4-4k"));
    }

    @Test
    void servesManyReadersOfAColdCacheAtOnce() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)))) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            String digests = Shell.out(
                    mountPoint,
                    "for i in 1 2 3 4 5 6 7 8; do find . -type f -print0 | shuf -z | xargs -0 sha256sum | LC_ALL=C"
                            + " sort > \"$1.$i\" & done; wait; cat \"$1\".* | sort | uniq -c",
                    directory.resolve("sums").toString());
            String expected =
                    Shell.out(tree(image), "find . -type f -print0 | xargs -0 sha256sum | LC_ALL=C sort | uniq -c");
            assertThat(digests).isEqualTo(expected.replaceAll("(?m)^      1 ", "      8 "));
        }
    }

    @Test
    void endsWhenSomebodyElseUnmounts() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)))) {
            Shell.out(directory, "umount mnt");
            assertThat(daemon.await()).isEqualTo(DaemonEnd.UNMOUNTED);
            assertThat(daemon.await().exitCode()).isZero();
        }
        assertThat(directory.resolve("api")).doesNotExist();
    }

    @Test
    void unmountsWhenItIsStoppedWithAFileOpen() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)));
        Process user = new ProcessBuilder("bash", "-c", "exec 5<mnt/sizes/noise-40000; echo open; sleep 60")
                .directory(directory.toFile())
                .start();
        try {
            assertThat(user.getInputStream().read()).isEqualTo('o');
            daemon.stop();
            assertThat(daemon.await()).isEqualTo(DaemonEnd.STOPPED);
            daemon.close();
            assertThat(daemon.state()).isEqualTo(DaemonState.STOPPED);
            assertThat(mounts()).isEqualTo("0");
        } finally {
            user.destroyForcibly();
        }
    }

    @Test
    void leavesItsMountWhenTheApiSaysExit() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)))) {
            new DaemonClient(directory.resolve("api")).exit();
            assertThat(daemon.await()).isEqualTo(DaemonEnd.LEFT);
        }
        assertThat(mounts()).isEqualTo("1");
        assertThat(directory.resolve("api")).doesNotExist();
    }

    @Test
    void leavesNothingBehindWhenTheApiSocketCannotBeMade() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        ImageSource source =
                new ImageSource(image.bootstrap(), Golden.configuration(blobs, Optional.of(cache)), Optional.empty());
        DaemonOptions options = DaemonOptions.builder(mountPoint, source)
                .apiSocket(directory.resolve("none/api"))
                .build();
        assertThatThrownBy(() -> NydusDaemon.start(options)).isInstanceOf(IOException.class);
        assertThat(mounts()).isEqualTo("0");
    }

    @Test
    void refusesToStartWithoutABlob() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Files.createDirectory(blobs);
        assertThatThrownBy(() -> start(image, Golden.configuration(blobs, Optional.of(cache))))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("d49080c492d45a8f8b8cf0b93eed93b806404b7b327353d6d09a46da99b71cc2");
        assertThat(mounts()).isEqualTo("0");
    }

    @Test
    void refusesMountPointsThatAreNoDirectories() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        mountPoint = Files.createFile(directory.resolve("file"));
        assertThatThrownBy(() -> start(image, Golden.configuration(blobs, Optional.of(cache))))
                .isInstanceOf(NotDirectoryException.class);
        mountPoint = directory.resolve("missing");
        assertThatThrownBy(() -> start(image, Golden.configuration(blobs, Optional.of(cache))))
                .isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void refusesBootstrapsThatAreNone() throws Exception {
        Files.createDirectory(blobs);
        Path junk = Files.writeString(directory.resolve("junk"), "x".repeat(9000));
        ImageSource source = new ImageSource(junk, Golden.configuration(blobs, Optional.of(cache)), Optional.empty());
        assertThatThrownBy(() -> NydusDaemon.start(
                        DaemonOptions.builder(mountPoint, source).build()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("superblock");
    }

    /** What the reference answered to the same operations, but for the length of xattrs that it reports one too long. */
    @Test
    void answersOddOperationsAsTheReferenceDoes() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache)))) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            assertThat(Shell.run(mountPoint, "cat nope").err()).contains("No such file or directory");
            assertThat(Shell.run(mountPoint, "cat nope").err()).contains("No such file or directory");
            assertThat(Shell.run(mountPoint, "cat sizes/text-1/x").err()).contains("Not a directory");
            assertThat(Shell.run(mountPoint, "touch new").err()).contains("Read-only file system");
            assertThat(Shell.run(mountPoint, "rm sizes/text-1").err()).contains("Read-only file system");
            assertThat(Shell.run(mountPoint, "getfattr -n user.nope xattr/binary")
                            .err())
                    .contains("No such attribute");
            assertThat(Shell.out(mountPoint, "stat -f -c '%b %f %a %c %s %l' .").strip())
                    .isEqualTo("0 0 0 814 512 255");
            assertThat(Shell.out(mountPoint, "dd if=sizes/text-1 bs=4096 iflag=direct status=none | wc -c")
                            .strip())
                    .isEqualTo("1");
            assertThat(Shell.out(mountPoint, "tail -c +99999 sizes/text-1 | wc -c")
                            .strip())
                    .isEqualTo("0");
        }
    }

    @Test
    void tellsTheApiWhatItServesAndWhatItCounted() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        image.copyBlobs(blobs);
        String rafs =
                ",\"enable_xattr\":true,\"iostats_files\":true,\"access_pattern\":true,\"latest_read_files\":true";
        try (NydusDaemon daemon = start(image, Golden.configuration(blobs, Optional.of(cache), rafs))) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            Shell.out(mountPoint, "stat . && cat sizes/noise-4096");
            assertThat(client.info().backends().orElseThrow()).containsOnlyKeys("/");
            assertThat(client.get("v1/daemon/backend?mountpoint=/").toJson())
                    .isEqualTo(JsonValue.parse(RecordedCase.all("fuse-v6").stream()
                                    .filter(recorded -> recorded.name().equals("110-backend-root"))
                                    .findFirst()
                                    .orElseThrow()
                                    .body())
                            .toJson());
            var metrics = client.fileSystemMetrics(Optional.of("/"));
            assertThat(metrics.dataRead()).isEqualTo(4096);
            assertThat(metrics.hits()[4]).isEqualTo(1);
            assertThat(client.get("v1/metrics/files?latest=true").toJson()).isEqualTo("[[3187]]");
            assertThat(client.get("v1/metrics/files?latest=true").toJson()).isEqualTo("[]");
            assertThat(client.get("v1/metrics/files")
                            .get("3187")
                            .get("data_read")
                            .number())
                    .isEqualTo(4096);
            assertThat(client.get("v1/metrics/pattern")
                            .items()
                            .getFirst()
                            .get("ino")
                            .number())
                    .isEqualTo(3187);
            assertThat(client.backendMetrics(Optional.empty()).backendType()).isEqualTo("localfs");
            assertThat(client.blobCacheMetrics(Optional.of("cfg-id")).underlyingFiles())
                    .hasSize(1);
        }
    }
}
