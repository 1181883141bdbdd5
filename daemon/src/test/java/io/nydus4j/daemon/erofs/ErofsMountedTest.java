package io.nydus4j.daemon.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.Golden;
import io.nydus4j.daemon.Listing;
import io.nydus4j.daemon.Shell;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.device.BlobDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Lets the kernel's EROFS serve the reference's images from empty caches, and compares with the trees that they were made from. */
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class ErofsMountedTest {
    @TempDir
    Path directory;

    @BeforeAll
    static void needErofs() throws Exception {
        ErofsCondition.requireRootAndErofs();
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    static Stream<Golden> images() {
        return Stream.of(
                        "v6-zstd-4k",
                        "v6-lz4-4k",
                        "v6-none-4k",
                        "v6-zstd-1m",
                        "v6-batch",
                        "v6-encrypt",
                        "targz-ref",
                        "dict-hit-v6")
                .map(Golden::of);
    }

    @ParameterizedTest
    @MethodSource("images")
    void theKernelShowsTheTreeOfALazyImage(Golden image) throws Exception {
        Path blobs = image.copyBlobs(directory.resolve("blobs"));
        Path cache = Files.createDirectory(directory.resolve("cache"));
        Path mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Path tree = image.unpack(directory.resolve("tree"));
        try (Rafs rafs = Rafs.load(image.bootstrap(), LoadOptions.DEFAULT);
                BlobDevice device = BlobDevice.open(rafs, Golden.configuration(blobs, Optional.of(cache)));
                FillService fills = FillService.start(directory.resolve("journal"))) {
            ErofsMounted mounted =
                    ErofsMounted.mount(fills, image.bootstrap(), device.blobs(), mountPoint, ReadObserver.NONE);
            assertThat(mounted.isDetached()).isFalse();
            Listing.assertSame(Listing.attributes(mountPoint), image.adapt(Listing.attributes(tree)));
            Listing.assertSame(Listing.devices(mountPoint), Listing.devices(tree));
            Listing.assertSame(Listing.xattrs(mountPoint), Listing.xattrs(tree));
            Listing.assertSame(Listing.hardLinks(mountPoint), Listing.hardLinks(tree));
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree));
            assertThat(mounted.unmount()).isTrue();
            assertThat(mounted.isGone()).isTrue();
            mounted.detach();
        }
    }
}
