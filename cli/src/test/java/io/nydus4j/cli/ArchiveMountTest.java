package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.build.ConversionType;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.daemon.DaemonOptions;
import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.FuseCondition;
import io.nydus4j.daemon.Listing;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.rafs.PrefetchPolicy;
import io.nydus4j.rafs.RafsVersion;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packs a tree, builds an image of the archive in each way there is, mounts it, and compares the mount with the tree. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ArchiveMountTest {
    private static final Path TESTDATA = Path.of(System.getProperty("nydus4j.testdata"));

    /** What an archive does not keep of times. */
    private static final Pattern SECONDS = Pattern.compile("(?<=mtime -?[0-9]{1,20})\\.[0-9]+");
    /** Tables of contents keep no times. */
    private static final Pattern TIMES = Pattern.compile("mtime -?[0-9.]+");

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
                new Way(
                        "inlined v5",
                        ConversionType.TAR_RAFS,
                        false,
                        RafsVersion.V5,
                        options -> options.inlineMeta(true)),
                new Way(
                        "inlined",
                        ConversionType.TARGZ_RAFS,
                        true,
                        RafsVersion.V6,
                        options -> options.inlineMeta(true)),
                new Way(
                        "inlined toc",
                        ConversionType.TAR_RAFS,
                        false,
                        RafsVersion.V6,
                        options -> options.inlineMeta(true).blobToc(true)),
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
        Shell.unmountBelow(directory);
    }

    @ParameterizedTest
    @MethodSource("ways")
    void aMountShowsTheTree(Way way) throws Exception {
        compareWithTree(options(way), tree, SECONDS);
    }

    static Stream<Way> waysOfErofs() {
        return ways().filter(way -> way.version == RafsVersion.V6);
    }

    @ParameterizedTest
    @MethodSource("waysOfErofs")
    void theKernelShowsTheTree(Way way) throws Exception {
        ErofsCondition.requireRootAndErofs();
        compareWithTree(options(way).driver(Driver.EROFS).runFolder(directory.resolve("run")), tree, SECONDS);
    }

    /** A layer of the stargz family, made by other writers of {@code golden/tree.tar}. */
    record Layer(String file, int chunkSize, RafsVersion version) {}

    static Stream<Layer> layers() {
        return Stream.of(RafsVersion.values())
                .flatMap(version -> Stream.of(
                        new Layer("golden/estargz/layer.esgz", 0x4000, version),
                        new Layer("stargz/tree-4k.esgz", 0x1000, version),
                        new Layer("stargz/tree-16k.zst", 0x4000, version)));
    }

    @ParameterizedTest
    @MethodSource("layers")
    void aMountedTableOfContentsShowsTheLayer(Layer layer) throws Exception {
        compareWithTree(options(layer), unpackedGolden(), TIMES);
    }

    @Test
    void theKernelShowsALayerByItsTableOfContents() throws Exception {
        ErofsCondition.requireRootAndErofs();
        Layer layer = new Layer("golden/estargz/layer.esgz", 0x4000, RafsVersion.V6);
        DaemonOptions.Builder options = options(layer).driver(Driver.EROFS).runFolder(directory.resolve("run"));
        compareWithTree(options, unpackedGolden(), TIMES);
    }

    private DaemonOptions.Builder options(Layer layer) throws IOException {
        CreateOptions.Builder options = CreateOptions.builder(TESTDATA.resolve(layer.file))
                .type(ConversionType.ESTARGZTOC_REF)
                .version(layer.version)
                .chunkSize(layer.chunkSize);
        return mounting(TESTDATA.resolve(layer.file), true, options);
    }

    private static Path unpackedGolden() throws Exception {
        Path unpacked = shared.resolve("golden");
        if (!Files.exists(unpacked)) {
            Files.createDirectory(unpacked);
            String archive =
                    TESTDATA.resolve("golden/tree.tar").toAbsolutePath().toString();
            Shell.out(unpacked, "tar --xattrs --xattrs-include='*' --numeric-owner -xpf '" + archive + "'");
        }
        return unpacked;
    }

    /** Builds an image and returns what mounts it from an empty cache. */
    private DaemonOptions.Builder options(Way way) throws IOException {
        Path archive = shared.resolve(way.gzip ? "layer.tar.gz" : "layer.tar");
        CreateOptions.Builder options = CreateOptions.builder(archive)
                .type(way.type)
                .version(way.version)
                .chunkSize(0x4000);
        return mounting(archive, way.type.isFixed(), way.more.apply(options));
    }

    private DaemonOptions.Builder mounting(Path archive, boolean refers, CreateOptions.Builder options)
            throws IOException {
        BuiltImage image = BuiltImage.in(directory, options);
        if (refers) {
            Files.copy(archive, image.blob());
        }
        return image.mounting();
    }

    /** Compares a mount with a tree, but for what of times an archive does not keep. */
    private void compareWithTree(DaemonOptions.Builder options, Path tree, Pattern lost) throws Exception {
        Path mountPoint = directory.resolve("mnt");
        try (NydusDaemon daemon = NydusDaemon.start(options.build())) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree));
            Listing.assertSame(Listing.devices(mountPoint), Listing.devices(tree));
            Listing.assertSame(Listing.xattrs(mountPoint), Listing.xattrs(tree));
            Listing.assertSame(Listing.hardLinks(mountPoint), Listing.hardLinks(tree));
            String attributes = lost.matcher(Listing.attributes(tree)).replaceAll("");
            Listing.assertSame(lost.matcher(Listing.attributes(mountPoint)).replaceAll(""), attributes);
        }
    }
}
