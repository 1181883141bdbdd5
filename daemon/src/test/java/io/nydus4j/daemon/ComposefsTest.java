package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.erofs.ComposefsMounted;
import io.nydus4j.daemon.erofs.KernelMount;
import io.nydus4j.rafs.BootstrapPlan;
import io.nydus4j.rafs.TestTree;
import io.nydus4j.rafs.v6.V6BootstrapWriter;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.http.FaultyServer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs daemons whose images share their files in an object store. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ComposefsTest {
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");
    /** The same files, otherwise compressed. */
    private static final Golden OTHER = Golden.of("v6-lz4-4k");

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path store;

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        store = directory.resolve("store");
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private Path blobs(Golden image) throws IOException {
        Path blobs = directory.resolve("blobs-" + image);
        return Files.exists(blobs) ? blobs : image.copyBlobs(blobs);
    }

    private DaemonOptions.Builder options(Golden image) throws IOException {
        return options(image, Golden.configuration(blobs(image), Optional.of(directory.resolve("cache-" + image))));
    }

    private DaemonOptions.Builder options(Golden image, StorageConfiguration configuration) throws IOException {
        Path bootstrap = image.bootstrapWith(blobs(image));
        return DaemonOptions.builder(mountPoint, new ImageSource(bootstrap, configuration, Optional.empty()))
                .objectStore(store)
                .runFolder(directory.resolve("run"));
    }

    private Path tree(Golden image) throws Exception {
        return image.unpack(directory.resolve("tree"));
    }

    private void compareWithTree(Golden image, Path mounted) throws Exception {
        image.assertShown(mounted, tree(image));
    }

    static Stream<Golden> images() {
        return Stream.of(
                        "v6-zstd-4k",
                        "v6-none-4k",
                        "v6-zstd-1m",
                        "v6-batch",
                        "v6-encrypt",
                        "v6-inline",
                        "v6-sha256",
                        "v6-overlayfs-whiteouts",
                        "targz-ref",
                        "several-xattrs-v6",
                        "dict-hit-v6")
                .map(Golden::of);
    }

    @ParameterizedTest
    @MethodSource("images")
    void showsTheTreesOfImages(Golden image) throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(options(image).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            assertThat(KernelMount.isMounted(ComposefsMounted.TYPE, mountPoint)).isTrue();
            compareWithTree(image, mountPoint);
        }
        assertThat(KernelMount.isMounted(ComposefsMounted.TYPE, mountPoint)).isFalse();
        assertThat(directory.resolve("run/erofs.json")).doesNotExist();
    }

    /** Compares all files as they are seen; returns the errors of those that cannot be read. */
    private String compare() throws Exception {
        tree(IMAGE);
        return SeenTree.errors(directory);
    }

    private MountRequest request(Golden image) throws IOException {
        return image.request(Golden.configuration(blobs(image), Optional.of(directory.resolve("cache-" + image)))
                .toJson());
    }

    private DaemonOptions.Builder empty() {
        return DaemonOptions.builder(mountPoint)
                .objectStore(store)
                .runFolder(directory.resolve("run"))
                .apiSocket(directory.resolve("api"));
    }

    @Test
    void imagesShareEqualFiles() throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(empty().build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            client.mount("/one", request(IMAGE));
            client.mount("/two", request(OTHER));
            compareWithTree(IMAGE, mountPoint.resolve("one"));
            Shell.out(blobs(OTHER), "for f in *; do : > $f; done"); // nothing can come from there
            compareWithTree(OTHER, mountPoint.resolve("two"));
            // One object for each content, and no file of the cache of the second image that has any data.
            assertThat(Shell.out(
                            directory,
                            "cd tree; find . -type f -size +0 -exec sha256sum {} + | cut -d' ' -f1 | sort -u | wc -l"))
                    .isEqualTo(Shell.out(directory, "cd store; find lazy whole -type f | wc -l"));
            assertThat(Shell.out(directory, "find cache-" + OTHER + " -name '*.blob.data' -printf '%b\\n'"))
                    .isEqualTo("0\n");
        }
    }

    /** What is read in one image is in memory for the other: a page there is one of the object's. */
    @Test
    void imagesShareMemory() throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(empty().build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            client.mount("/one", request(IMAGE));
            client.mount("/two", request(OTHER));
            Shell.out(directory, "cmp mnt/one/sizes/noise-40000 mnt/two/sizes/noise-40000; sync -f store");
            Path two = mountPoint.resolve("two/sizes/noise-40000");
            awaitKept();
            Shell.out(directory, "dd if=$(echo store/whole/*) iflag=nocache count=0 status=none");
            assertThat(isLoaded(two)).isFalse();
            Shell.out(directory, "cat mnt/one/sizes/noise-40000 > /dev/null");
            assertThat(isLoaded(two)).isTrue();
        }
    }

    /** Waits until all objects that were opened are among those that are whole. */
    private void awaitKept() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!Shell.out(store, "find whole -type f | wc -l").equals("1\n")) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(5);
        }
    }

    private static boolean isLoaded(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file);
                Arena arena = Arena.ofConfined()) {
            return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena)
                    .isLoaded();
        }
    }

    /** The kernel asks of an overlay's files before they are read, but not before they are mapped. */
    @Test
    void aFileThatIsMappedFirstHasItsBytes() throws Exception {
        byte[] expected = Files.readAllBytes(tree(IMAGE).resolve("sizes/noise-40000"));
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build());
                FileChannel channel = FileChannel.open(mountPoint.resolve("sizes/noise-40000"));
                Arena arena = Arena.ofConfined()) {
            assertThat(daemon.isServedByKernel()).isTrue();
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, expected.length, arena);
            assertThat(mapped.mismatch(MemorySegment.ofArray(expected))).isEqualTo(-1);
        }
    }

    /** As {@code cp} does, which would copy nothing of a file that is one hole. */
    @Test
    void aFileWhoseHolesAreLookedForFirstHasItsBytes() throws Exception {
        tree(IMAGE);
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Shell.out(directory, "cp --sparse=auto mnt/sizes/noise-40000 out; cmp out tree/sizes/noise-40000");
        }
    }

    @Test
    void aNewDaemonFindsWhatTheLastOneHad() throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            assertThat(compare()).isEmpty();
        }
        Shell.out(
                directory,
                "rm -r cache-*; cd blobs-" + IMAGE
                        + "; dd if=/dev/zero of=$(ls) bs=1000 count=200 conv=notrunc status=none");
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            compareWithTree(IMAGE, mountPoint);
        }
    }

    /** Another image may share the file, so it must not keep what it got from a broken blob. */
    @Test
    void whatIsNotAsItShouldBeIsNeitherShownNorKept() throws Exception {
        Path blob;
        try (Stream<Path> files = Files.list(blobs(IMAGE))) {
            blob = files.findFirst().orElseThrow();
        }
        byte[] sound = Files.readAllBytes(blob);
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            byte[] broken = sound.clone();
            Arrays.fill(broken, 20_000, 22_000, (byte) 0x5a);
            Files.write(blob, broken);
            assertThat(compare().lines()).isNotEmpty().allMatch(line -> line.endsWith("Input/output error"));
            Files.write(blob, sound);
            assertThat(compare()).isEmpty();
        }
    }

    /** Chunks that are not compressed decode whatever they are. */
    @Test
    void believesNoBlobWithoutTheDigest() throws Exception {
        Golden image = Golden.of("v6-none-4k");
        tree(image);
        Shell.out(
                blobs(image),
                "f=$(ls | head -1); dd if=/dev/urandom of=$f bs=4096 seek=4 count=4 conv=notrunc status=none");
        try (NydusDaemon daemon = NydusDaemon.start(options(image).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            assertThat(compare().lines()).isNotEmpty().allMatch(line -> line.endsWith("Input/output error"));
        }
    }

    @Test
    void refusesAStoreThatAnotherDaemonHas() throws Exception {
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Path other = Files.createDirectory(directory.resolve("other"));
            assertThatThrownBy(() -> NydusDaemon.start(DaemonOptions.builder(other)
                            .objectStore(store)
                            .runFolder(directory.resolve("run2"))
                            .build()))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the object store " + store
                            + " belongs to another daemon; one daemon can mount any number of images of it");
        }
    }

    /** What was copied to the store need not rest in the cache, too. */
    @Test
    void theCacheMayHaveABudget() throws Exception {
        Path cache = directory.resolve("c");
        StorageConfiguration configuration = StorageConfiguration.parse(
                "{\"version\":2,\"id\":\"i\",\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs(IMAGE)
                        + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\",\"budget\":200000}},\"rafs\":{\"mode\":\"direct\"}}");
        try (NydusDaemon daemon =
                NydusDaemon.start(options(IMAGE, configuration).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            compareWithTree(IMAGE, mountPoint);
        }
    }

    @Test
    void refusesToTraceReads() throws Exception {
        assertThatThrownBy(() -> NydusDaemon.start(options(IMAGE).traced(true).build()))
                .isInstanceOf(IOException.class)
                .hasMessage("reads of files that images share are not traced");
    }

    @Test
    void aContainersOverlayGoesOnTop() throws Exception {
        tree(IMAGE);
        try (NydusDaemon daemon = NydusDaemon.start(options(IMAGE).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            String refused = Shell.out(
                    directory,
                    "mkdir up mnt2; mount -t tmpfs none up; mkdir up/u up/w;"
                            + "mount -t overlay o -o lowerdir=mnt,upperdir=up/u,workdir=up/w mnt2 || echo refused");
            assumeTrue(refused.isEmpty(), "needs a kernel that takes a file in an EROFS for no layer of its own");
            Shell.out(directory, "cmp mnt2/sizes/noise-40000 tree/sizes/noise-40000; umount mnt2 up");
        }
    }

    @Test
    void refusesImagesOfV5() throws Exception {
        assertThatThrownBy(
                        () -> NydusDaemon.start(options(Golden.of("v5-lz4-4k")).build()))
                .isInstanceOf(IOException.class)
                .hasMessage("EROFS serves images of RAFS v6, this one is of V5");
    }

    @Test
    void refusesImagesWithoutDigests() throws Exception {
        assertThatThrownBy(
                        () -> NydusDaemon.start(options(Golden.of("tar-tarfs")).build()))
                .isInstanceOf(IOException.class);
        assertThat(KernelMount.isMounted(ComposefsMounted.TYPE, mountPoint)).isFalse();
    }

    @Test
    void onlyFilesThatAreOpenedAreFetched() throws Exception {
        Path blob;
        try (Stream<Path> files = Files.list(blobs(IMAGE))) {
            blob = files.findFirst().orElseThrow();
        }
        tree(IMAGE);
        try (FaultyServer server = FaultyServer.start().with(blob.getFileName().toString(), Files.readAllBytes(blob))) {
            StorageConfiguration configuration = StorageConfiguration.parse(
                    "{\"version\":2,\"id\":\"i\",\"backend\":{\"type\":\"http-proxy\",\"http-proxy\":{\"addr\":\""
                            + server.address() + "\",\"path\":\"blobs\"}},"
                            + "\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\""
                            + directory.resolve("c")
                            + "\"}},\"rafs\":{\"mode\":\"direct\",\"batch_size\":0}}");
            try (NydusDaemon daemon =
                    NydusDaemon.start(options(IMAGE, configuration).build())) {
                assertThat(daemon.isServedByKernel()).isTrue();
                server.forget();
                Shell.out(directory, "ls -lR mnt");
                assertThat(server.requests()).isEmpty();
                Shell.out(directory, "cmp mnt/sizes/text-1 tree/sizes/text-1");
                int[] counts = server.fetches(blob.getFileName().toString());
                long fetched = Arrays.stream(counts).filter(count -> count > 0).count();
                assertThat(fetched).isPositive().isLessThan(counts.length / 2);
                assertThat(compare()).isEmpty();
            }
        }
    }

    @Test
    void needsNoProcessWhenAllIsHere() throws Exception {
        StorageConfiguration configuration = Golden.configuration(
                blobs(IMAGE),
                Optional.of(directory.resolve("c")),
                ",\"prefetch\":{\"enable\":true,\"prefetch_all\":true}");
        try (NydusDaemon daemon = NydusDaemon.start(
                options(IMAGE, configuration).detachWhenComplete(true).build())) {
            assertThat(daemon.await()).isEqualTo(DaemonEnd.DETACHED);
        }
        assertThat(directory.resolve("run/erofs.json")).doesNotExist();
        compareWithTree(IMAGE, mountPoint);
    }

    private DaemonOptions.Builder made(TestTree tree) throws IOException {
        BootstrapPlan plan = V6BootstrapWriter.plan(tree.tree(), List.of(), List.of(), tree.options());
        byte[] bytes = new byte[(int) plan.size()];
        plan.write(MemorySegment.ofArray(bytes));
        Path bootstrap = Files.write(directory.resolve("made"), bytes);
        Path blobs = Files.createDirectory(directory.resolve("none"));
        return DaemonOptions.builder(
                        mountPoint,
                        new ImageSource(
                                bootstrap,
                                Golden.configuration(blobs, Optional.of(directory.resolve("c"))),
                                Optional.empty()))
                .objectStore(store)
                .runFolder(directory.resolve("run"));
    }

    /** An overlay would take them for its own: a directory that is opaque, a file that is elsewhere. */
    @Test
    void showsXattrsOfOverlaysAsTheyAre() throws Exception {
        TestTree tree = new TestTree(4096);
        tree.directory("/opaque").setXattrs(List.of(TestTree.xattr("trusted.overlay.opaque", "y")));
        tree.file("/empty", "")
                .setXattrs(
                        List.of(TestTree.xattr("trusted.overlay.redirect", "/opaque"), TestTree.xattr("user.a", "b")));
        try (NydusDaemon daemon = NydusDaemon.start(made(tree).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            assertThat(Shell.out(mountPoint, "getfattr -d -m - opaque empty")).isEqualTo("""
                # file: opaque
                trusted.overlay.opaque="y"

                # file: empty
                trusted.overlay.redirect="/opaque"
                user.a="b"

                """);
        }
    }

    @Test
    void refusesImagesWithWhiteouts() throws Exception {
        TestTree tree = new TestTree(4096);
        tree.directory("/folder");
        tree.device("/folder/gone", 020644, 0);
        assertThatThrownBy(() -> NydusDaemon.start(made(tree).build()))
                .isInstanceOf(IOException.class)
                .hasMessage("not supported: \"/folder/gone\" is a whiteout, which an overlay would not show");
        assertThat(KernelMount.isMounted(ComposefsMounted.TYPE, mountPoint)).isFalse();
    }
}
