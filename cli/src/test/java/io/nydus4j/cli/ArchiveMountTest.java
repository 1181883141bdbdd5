package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.ConversionType;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.ImageSource;
import io.nydus4j.daemon.Listing;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packs a tree, builds an image of the archive in each way there is, mounts it, and compares the mount with the tree. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ArchiveMountTest {
    @TempDir
    static Path shared;

    private static Path tree;

    @TempDir
    Path directory;

    /** A way to build an image of an archive. */
    record Way(
            String name,
            ConversionType type,
            boolean gzip,
            RafsVersion version,
            UnaryOperator<CreateOptions.Builder> more) {
        @Override
        public String toString() {
            return type.text() + " " + name;
        }
    }

    static Stream<Way> ways() {
        List<byte[]> hints = List.of("/many".getBytes(StandardCharsets.UTF_8));
        return Stream.of(
                new Way("v5", ConversionType.TAR_RAFS, false, RafsVersion.V5, options -> options),
                new Way("plain", ConversionType.TAR_RAFS, true, RafsVersion.V6, options -> options),
                new Way("batch", ConversionType.TAR_RAFS, false, RafsVersion.V6, options -> options.batchSize(0x4000)),
                new Way("toc", ConversionType.TARGZ_RAFS, true, RafsVersion.V6, options -> options.blobToc(true)),
                new Way(
                        "encrypted",
                        ConversionType.TARGZ_RAFS,
                        true,
                        RafsVersion.V6,
                        options -> options.cipher(CipherAlgorithm.AES_128_XTS)),
                new Way(
                        "encrypted batch toc",
                        ConversionType.ESTARGZ_RAFS,
                        true,
                        RafsVersion.V6,
                        options -> options.cipher(CipherAlgorithm.AES_128_XTS)
                                .batchSize(0x4000)
                                .blobToc(true)),
                new Way(
                        "prefetch",
                        ConversionType.ESTARGZ_RAFS,
                        true,
                        RafsVersion.V6,
                        options -> options.prefetch(PrefetchPolicy.FS, hints)),
                new Way(
                        "prefetch v5",
                        ConversionType.TAR_RAFS,
                        false,
                        RafsVersion.V5,
                        options -> options.prefetch(PrefetchPolicy.BLOB, hints)),
                new Way("gzip", ConversionType.TARGZ_REF, true, RafsVersion.V6, options -> options),
                new Way("plain", ConversionType.TARGZ_REF, false, RafsVersion.V6, options -> options),
                new Way("toc", ConversionType.ESTARGZ_REF, true, RafsVersion.V6, options -> options.blobToc(true)),
                new Way("blocks", ConversionType.TAR_TARFS, false, RafsVersion.V6, options -> options));
    }

    @BeforeAll
    static void makeTree() throws Exception {
        FuseCondition.requireRootAndFuse();
        tree = Files.createDirectory(shared.resolve("tree"));
        Shell.out(tree, """
            mkdir -p many/deep odd
            for i in $(seq 40); do head -c $((i * 997)) /dev/urandom >many/$i; done
            for i in $(seq 40); do yes "line $i" | head -n $((i * 20)) >many/deep/$i; done
            : >many/empty
            printf 'latin' >"$(printf 'odd/caf\\351')"
            ln "$(printf 'odd/caf\\351')" odd/again
            ln many/40 odd/large
            ln -s "$(printf 'caf\\351')" odd/link
            for i in 447 448 449 511 512 513 576 960 961 1000 1024 3000 4000 4095; do
                ln -s "$(seq 2000 | tr '\\n' / | head -c $i)" odd/link-$i
            done
            mknod odd/null c 1 3
            mkfifo odd/pipe
            setfattr -n user.binary -v 0x000aff3d odd/again
            setfattr -n trusted.kept -v yes odd
            chmod 6751 odd/again
            chown 70000:70001 odd/pipe
            touch -d '2001-02-03 04:05:06' odd/again odd
            tar --format=posix --xattrs --xattrs-include='*' --numeric-owner -cf ../layer.tar .
            gzip -k ../layer.tar
            """);
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.run(directory, "while umount -l mnt 2>/dev/null; do :; done");
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aMountShowsTheTree(Way way) throws Exception {
        compareWithTree(options(way));
    }

    static Stream<Way> waysOfErofs() {
        return ways().filter(way -> way.version == RafsVersion.V6);
    }

    @ParameterizedTest
    @MethodSource("waysOfErofs")
    void theKernelShowsTheTree(Way way) throws Exception {
        ErofsCondition.requireRootAndErofs();
        compareWithTree(options(way).driver(Driver.EROFS).runFolder(directory.resolve("run")));
    }

    /** Builds an image and returns what mounts it from an empty cache. */
    private DaemonOptions.Builder options(Way way) throws IOException {
        Path archive = shared.resolve(way.gzip ? "layer.tar.gz" : "layer.tar");
        Path blobs = Files.createDirectory(directory.resolve("blobs"));
        Path cache = Files.createDirectory(directory.resolve("cache"));
        CreateOptions.Builder options = CreateOptions.builder(archive)
                .type(way.type)
                .version(way.version)
                .chunkSize(0x4000)
                .blobDirectory(blobs)
                .bootstrapFile(directory.resolve("boot"));
        BuildResult built = new CreateImage(way.more.apply(options).build(), ProgressListener.NONE).run();
        if (way.type.isFixed()) {
            Files.copy(archive, blobs.resolve(built.blobs().getFirst()));
        }
        StorageConfiguration configuration = StorageConfiguration.of(
                new LocalFsSettings("", blobs.toString(), List.of()), CacheConfiguration.inFiles(cache.toString()));
        ImageSource source = new ImageSource(built.bootstrap().orElseThrow(), configuration, Optional.empty());
        return DaemonOptions.builder(Files.createDirectory(directory.resolve("mnt")), source);
    }

    private void compareWithTree(DaemonOptions.Builder options) throws Exception {
        Path mountPoint = directory.resolve("mnt");
        try (NydusDaemon daemon = NydusDaemon.start(options.build())) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree));
            Listing.assertSame(Listing.devices(mountPoint), Listing.devices(tree));
            Listing.assertSame(Listing.xattrs(mountPoint), Listing.xattrs(tree));
            Listing.assertSame(Listing.hardLinks(mountPoint), Listing.hardLinks(tree));
            Listing.assertSame(inSeconds(Listing.attributes(mountPoint)), inSeconds(Listing.attributes(tree)));
        }
    }

    /** An archive keeps whole seconds. */
    private static String inSeconds(String listing) {
        return listing.replaceAll("(?m)(mtime -?[0-9]+)\\.[0-9]+", "$1");
    }
}
