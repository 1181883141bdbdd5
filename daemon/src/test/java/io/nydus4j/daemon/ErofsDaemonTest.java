package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.daemon.api.DaemonClient;
import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.erofs.ErofsMounted;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs daemons whose images the kernel's EROFS serves. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ErofsDaemonTest {
    private static final String EVERYTHING = ",\"prefetch\":{\"enable\":true,\"prefetch_all\":true}";

    @TempDir
    Path directory;

    private Path blobs;
    private Path cache;
    private Path mountPoint;

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        blobs = directory.resolve("blobs");
        cache = directory.resolve("cache");
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private DaemonOptions.Builder options(Golden image, String rafs) throws IOException {
        if (!Files.exists(blobs)) {
            image.copyBlobs(blobs);
        }
        StorageConfiguration configuration = Golden.configuration(blobs, Optional.of(cache), rafs);
        Path bootstrap = image.bootstrapWith(blobs);
        return served(DaemonOptions.builder(mountPoint, new ImageSource(bootstrap, configuration, Optional.empty())));
    }

    private DaemonOptions.Builder served(DaemonOptions.Builder options) {
        return options.driver(Driver.EROFS).runFolder(directory.resolve("run")).apiSocket(directory.resolve("api"));
    }

    private Path tree(Golden image) throws Exception {
        return image.unpack(directory.resolve("tree"));
    }

    private void compareWithTree(Golden image, Path mounted) throws Exception {
        image.assertShown(mounted, tree(image));
    }

    static Stream<Golden> images() {
        return Golden.ALL.stream().filter(image -> image.isV6() && !image.name().equals("tar-tarfs"));
    }

    @ParameterizedTest
    @MethodSource("images")
    void showsTheTreeOfEveryImage(Golden image) throws Exception {
        for (String run : new String[] {"cold", "kept"}) {
            try (NydusDaemon daemon = NydusDaemon.start(options(image, "").build())) {
                assertThat(daemon.state()).as(run).isEqualTo(DaemonState.RUNNING);
                assertThat(ErofsMounted.isMounted(mountPoint)).isTrue();
                compareWithTree(image, mountPoint);
            }
            assertThat(ErofsMounted.isMounted(mountPoint)).isFalse();
        }
        assertThat(directory.resolve("run/erofs.json")).doesNotExist();
    }

    @Test
    void refusesImagesWithLinksThatErofsWouldShowWrongly() throws Exception {
        assertThatThrownBy(() ->
                        NydusDaemon.start(options(Golden.of("tar-tarfs"), "").build()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("\"/very-long-link\": its 4000 bytes are not where EROFS looks for them");
        assertThat(ErofsMounted.isMounted(mountPoint)).isFalse();
        assertThat(directory.resolve("run/erofs.json")).doesNotExist();
    }

    /** A link of 4,000 bytes lies in this image where the kernel does not look for it. */
    @Test
    void servesTarfsImagesWithLongLinksThroughFuse() throws Exception {
        Golden image = Golden.of("tar-tarfs");
        try (NydusDaemon daemon =
                NydusDaemon.start(options(image, "").driver(Driver.AUTO).build())) {
            assertThat(daemon.isServedByKernel()).isFalse();
            compareWithTree(image, mountPoint);
        }
    }

    @Test
    void refusesImagesThatErofsDoesNotKnow() throws Exception {
        assertThatThrownBy(() ->
                        NydusDaemon.start(options(Golden.of("v5-lz4-4k"), "").build()))
                .isInstanceOf(IOException.class)
                .hasMessage("EROFS serves images of RAFS v6, this one is of V5");
    }

    /** A tmpfs has no events that hold readers back. */
    @Test
    void servesThroughFuseWhatLiesOnAFileSystemThatCannotHoldReadersBack() throws Exception {
        FuseCondition.requireRootAndFuse();
        Golden image = Golden.of("v6-zstd-4k");
        Shell.out(directory, "mkdir cache; mount -t tmpfs none cache");
        try {
            assertThatThrownBy(() -> NydusDaemon.start(options(image, "").build()))
                    .isInstanceOf(IOException.class)
                    .hasMessageMatching("the file system of .*/cache/.* cannot hold readers back, .*");
            try (NydusDaemon daemon =
                    NydusDaemon.start(options(image, "").driver(Driver.AUTO).build())) {
                assertThat(daemon.isServedByKernel()).isFalse();
                Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree(image)));
            }
        } finally {
            Shell.out(directory, "umount -l cache");
        }
    }

    /** EROFS reads no metadata from a tmpfs. */
    @Test
    void showsAnImageWhoseMetadataIsInMemory() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        Shell.out(
                directory,
                "mkdir memory; mount -t tmpfs none memory; cp \"$1\" memory/boot",
                image.bootstrap().toString());
        ImageSource source = new ImageSource(
                directory.resolve("memory/boot"),
                Golden.configuration(image.copyBlobs(blobs), Optional.of(cache)),
                Optional.empty());
        try (NydusDaemon daemon = NydusDaemon.start(
                served(DaemonOptions.builder(mountPoint, source)).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            compareWithTree(image, mountPoint);
        } finally {
            Shell.out(directory, "umount -l memory");
        }
    }

    @Test
    void servesThroughFuseWhatErofsDoesNotKnow() throws Exception {
        FuseCondition.requireRootAndFuse();
        Golden image = Golden.of("v5-lz4-4k");
        try (NydusDaemon daemon =
                NydusDaemon.start(options(image, "").driver(Driver.AUTO).build())) {
            assertThat(daemon.isServedByKernel()).isFalse();
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree(image)));
        }
    }

    @Test
    void choosesErofsWhereItCan() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon =
                NydusDaemon.start(options(image, "").driver(Driver.AUTO).build())) {
            assertThat(daemon.isServedByKernel()).isTrue();
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree(image)));
        }
    }

    @Test
    void endsWhenSomebodyElseUnmounts() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon = NydusDaemon.start(options(image, "").build())) {
            Shell.out(directory, "umount mnt");
            assertThat(daemon.await()).isEqualTo(DaemonEnd.UNMOUNTED);
        }
        assertThat(directory.resolve("run/erofs.json")).doesNotExist();
    }

    /** A reader that has a file open keeps the daemon until all is there; then both go on without the other. */
    @Test
    void fillsEverythingBeforeItLeavesAMountThatIsInUse() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        NydusDaemon daemon = NydusDaemon.start(options(image, "").build());
        Process user = new ProcessBuilder("bash", "-c", "exec 5<mnt/sizes/noise-40000; echo open; read; sha256sum <&5")
                .directory(directory.toFile())
                .start();
        assertThat(user.getInputStream().read()).isEqualTo('o');
        daemon.close();
        assertThat(ErofsMounted.isMounted(mountPoint)).isTrue();
        compareWithTree(image, mountPoint);
        user.getOutputStream().close();
        assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(
                        Shell.out(tree(image), "sha256sum < sizes/noise-40000").strip());
    }

    @Test
    void servesWhatIsUsedAfterItWasTakenOutOfSight() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        NydusDaemon daemon = NydusDaemon.start(options(image, "").build());
        Process user = new ProcessBuilder("bash", "-c", "cd mnt/sizes; echo in; read; cat * | sha256sum")
                .directory(directory.toFile())
                .start();
        assertThat(user.getInputStream().read()).isEqualTo('i');
        Shell.out(directory, "umount -l mnt");
        assertThat(daemon.await()).isEqualTo(DaemonEnd.UNMOUNTED);
        Thread closer = Thread.ofVirtual().start(() -> {
            try {
                daemon.close();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        user.getOutputStream().close();
        assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains(Shell.out(tree(image), "cd sizes; cat * | sha256sum").strip());
        closer.join();
    }

    @Test
    void leavesCompleteMountsToTheKernel() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon = NydusDaemon.start(
                options(image, EVERYTHING).detachWhenComplete(true).build())) {
            assertThat(daemon.await()).isEqualTo(DaemonEnd.DETACHED);
            assertThat(new DaemonClient(directory.resolve("api"))
                            .info()
                            .backends()
                            .orElseThrow()
                            .get("/")
                            .blobs()
                            .values())
                    .containsOnly("detached");
        }
        assertThat(directory.resolve("run/erofs.json")).doesNotExist();
        compareWithTree(image, mountPoint);
    }

    /** Nobody hears of what is read there, so nobody could fill what was taken away. */
    @Test
    void aBudgetTakesNothingFromMountsThatNeedNoProcess() throws Exception {
        FuseCondition.requireRootAndFuse();
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon = NydusDaemon.start(
                options(image, EVERYTHING).detachWhenComplete(true).build())) {
            assertThat(daemon.await()).isEqualTo(DaemonEnd.DETACHED);
        }
        StorageConfiguration configuration = StorageConfiguration.parse(
                "{\"version\":2,\"id\":\"i\",\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\"" + blobs
                        + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\",\"budget\":200000}},\"rafs\":{\"mode\":\"direct\"}}");
        Path other = Files.createDirectory(directory.resolve("mnt2"));
        try (NydusDaemon daemon = NydusDaemon.start(
                DaemonOptions.builder(other, new ImageSource(image.bootstrap(), configuration, Optional.empty()))
                        .build())) {
            assertThat(daemon.isServedByKernel()).isFalse();
            Listing.assertSame(Listing.contents(other), Listing.contents(tree(image)));
        }
        Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree(image)));
    }

    @Test
    void refusesToUnmountWhatIsInUse() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon =
                NydusDaemon.start(served(DaemonOptions.builder(mountPoint)).build())) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            client.mount("/one", image.requestIn(directory));
            Process user = new ProcessBuilder("bash", "-c", "cd mnt/one/sizes; echo in; read; cat * | sha256sum")
                    .directory(directory.toFile())
                    .start();
            assertThat(user.getInputStream().read()).isEqualTo('i');
            assertThatThrownBy(() -> client.unmount("/one")).hasMessageContaining("/one is in use");
            user.getOutputStream().close();
            assertThat(new String(user.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains(Shell.out(tree(image), "cd sizes; cat * | sha256sum")
                            .strip());
            user.waitFor();
            client.unmount("/one");
        }
    }

    @Test
    void mountsBelowItsMountPointWhatTheApiNames() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon =
                NydusDaemon.start(served(DaemonOptions.builder(mountPoint)).build())) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            DaemonClient client = new DaemonClient(directory.resolve("api"));
            MountRequest request = image.requestIn(directory);
            client.mount("/one", request);
            client.mount("/two/three", request);
            compareWithTree(image, mountPoint.resolve("one"));
            compareWithTree(image, mountPoint.resolve("two/three"));
            assertThat(client.info().backends().orElseThrow()).containsOnlyKeys("/one", "/two/three");
            client.unmount("/one");
            assertThat(Shell.out(mountPoint, "ls one; ls two").strip()).isEqualTo("three");
            Listing.assertSame(Listing.contents(mountPoint.resolve("two/three")), Listing.contents(tree(image)));
        }
    }

    @Test
    void runsProgramsFromAnOverlayOnTop() throws Exception {
        Golden image = Golden.of("v6-zstd-4k");
        try (NydusDaemon daemon = NydusDaemon.start(options(image, "").build())) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            String said = Shell.out(
                    directory,
                    "mkdir up work mnt2; mount -t tmpfs none up; mkdir up/u up/w;"
                            + "mount -t overlay o -o lowerdir=mnt,upperdir=up/u,workdir=up/w mnt2;"
                            + "cp /bin/sh mnt2/sh; mnt2/sh -c 'echo ran'; sha256sum < mnt2/sizes/noise-40000;"
                            + "umount mnt2 up");
            assertThat(said.lines().findFirst()).contains("ran");
            assertThat(said)
                    .contains(Shell.out(tree(image), "sha256sum < sizes/noise-40000")
                            .strip());
        }
    }
}
