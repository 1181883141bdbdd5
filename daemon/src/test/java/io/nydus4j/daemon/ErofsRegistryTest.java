package io.nydus4j.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.registry.RegistryServer;
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

/** Lets the kernel's EROFS serve an image whose data is in a real registry, and looks at what that is asked for. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ErofsRegistryTest {
    private static final Golden IMAGE = Golden.of("v6-zstd-4k");

    @TempDir
    Path directory;

    private Path mountPoint;
    private Path tree;
    private long stored;
    private RegistryServer registry;

    @BeforeEach
    void start() throws Exception {
        ErofsCondition.requireRootAndErofs();
        mountPoint = Files.createDirectory(directory.resolve("mnt"));
        Files.createDirectory(directory.resolve("cache"));
        tree = IMAGE.unpack(directory.resolve("tree"));
        registry = RegistryServer.start(directory);
        try (Stream<Path> blobs = Files.list(IMAGE.copyBlobs(directory.resolve("blobs")))) {
            for (Path blob : blobs.toList()) {
                registry.put("some/repo", blob.getFileName().toString(), blob);
                stored += Files.size(blob);
            }
        }
    }

    @AfterEach
    void stop() throws Exception {
        if (registry != null) {
            registry.close();
        }
        Shell.unmountBelow(directory);
    }

    private NydusDaemon serve() throws IOException {
        StorageConfiguration configuration =
                StorageConfiguration.parse("""
                    {"version":2,"backend":{"type":"registry","registry":{"scheme":"http","host":"%s","repo":"some/repo"}},
                    "cache":{"type":"filecache","filecache":{"work_dir":"%s"}},"rafs":{"mode":"direct","batch_size":4096}}
                    """.formatted(registry.host(), directory.resolve("cache")));
        return NydusDaemon.start(
                DaemonOptions.builder(mountPoint, new ImageSource(IMAGE.bootstrap(), configuration, Optional.empty()))
                        .driver(Driver.EROFS)
                        .runFolder(directory.resolve("run"))
                        .build());
    }

    private long sent() {
        return registry.accesses().stream()
                .mapToLong(RegistryServer.Access::bytes)
                .sum();
    }

    @Test
    void fetchesWhatIsReadAndNothingTwice() throws Exception {
        try (NydusDaemon _ = serve()) {
            Listing.assertSame(Listing.attributes(mountPoint), Listing.attributes(tree));
            Listing.assertSame(Listing.xattrs(mountPoint), Listing.xattrs(tree));
            long forNames = sent();
            Listing.assertSame(
                    Shell.out(mountPoint, "sha256sum sizes/text-4096"), Shell.out(tree, "sha256sum sizes/text-4096"));
            long forOneFile = sent();
            assertThat(forNames).isLessThan(stored / 4);
            assertThat(forOneFile).isLessThan(stored / 2);
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree));
            assertThat(sent()).isGreaterThan(forOneFile);
        }
        assertThat(sent()).isLessThan(stored + stored / 4);
        registry.close(); // nobody is there to ask
        try (NydusDaemon _ = serve()) {
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree));
        }
    }
}
