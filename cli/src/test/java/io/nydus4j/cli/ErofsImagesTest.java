package io.nydus4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.build.AccessedFile;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.ConversionType;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.MergeImages;
import io.nydus4j.build.MergeOptions;
import io.nydus4j.build.OptimizeImage;
import io.nydus4j.build.OptimizeOptions;
import io.nydus4j.build.OutputPlace;
import io.nydus4j.build.ProgressListener;
import io.nydus4j.daemon.Driver;
import io.nydus4j.daemon.ErofsCondition;
import io.nydus4j.daemon.Listing;
import io.nydus4j.daemon.NydusDaemon;
import io.nydus4j.daemon.Shell;
import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.config.LocalFsSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Makes images of several blobs in the ways there are, lets the kernel's EROFS serve them, and compares with the trees. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ErofsImagesTest {
    private static final Path TESTDATA = Path.of(System.getProperty("nydus4j.testdata"));

    @TempDir
    Path directory;

    private Path blobs;
    private Path tree;

    @BeforeEach
    void prepare() throws Exception {
        ErofsCondition.requireRootAndErofs();
        blobs = Files.createDirectory(directory.resolve("blobs"));
        tree = Files.createDirectory(directory.resolve("tree"));
    }

    @AfterEach
    void unmount() throws Exception {
        Shell.unmountBelow(directory);
    }

    private CreateOptions.Builder options(Path source, String bootstrap) {
        return CreateOptions.builder(source)
                .chunkSize(0x1000)
                .blobDirectory(blobs)
                .bootstrapFile(directory.resolve(bootstrap));
    }

    private static BuildResult create(CreateOptions.Builder options) throws IOException {
        return new CreateImage(options.build(), ProgressListener.NONE).run();
    }

    private static int blobCount(BuildResult built) throws IOException {
        try (Rafs image = Rafs.load(built.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
            return image.blobs().size();
        }
    }

    private void compare(BuildResult built) throws Exception {
        compare(built, false);
    }

    private void compare(BuildResult built, boolean timeless) throws Exception {
        assertThat(built.bootstrap()).contains(directory.resolve("boot"));
        try (NydusDaemon daemon = NydusDaemon.start(new BuiltImage(directory, built)
                .mounting()
                .driver(Driver.EROFS)
                .runFolder(directory.resolve("run"))
                .build())) {
            assertThat(daemon.state()).isEqualTo(DaemonState.RUNNING);
            Path mountPoint = directory.resolve("mnt");
            Listing.assertSame(Listing.contents(mountPoint), Listing.contents(tree));
            Listing.assertSame(Listing.xattrs(mountPoint), Listing.xattrs(tree));
            Listing.assertSame(Listing.hardLinks(mountPoint), Listing.hardLinks(tree));
            String seen = Listing.attributes(mountPoint);
            String expected = Listing.attributes(tree);
            Listing.assertSame(timeless ? withoutTimes(seen) : seen, timeless ? withoutTimes(expected) : expected);
        }
    }

    private static String withoutTimes(String listing) {
        return listing.replaceAll("(?m)mtime -?[0-9.]+", "");
    }

    /** The paths of so many cache files do not fit into the options of a {@code mount} call, a page. */
    @Test
    void showsAHundredLayers() throws Exception {
        Shell.out(directory, """
            for i in $(seq 100); do
                mkdir -p layer$i/folder$((i % 7))
                echo "of layer $i" >layer$i/common
                echo "x$i" >layer$i/folder$((i % 7))/file$i
                seq $i $((i * 20)) >layer$i/own$i
                cp -a layer$i/. tree
            done
            """);
        List<Path> layers = new ArrayList<>();
        List<Future<BuildResult>> lower = new ArrayList<>();
        try (ExecutorService builds = Executors.newFixedThreadPool(4)) {
            for (int i = 1; i <= 100; i++) {
                String name = "layer" + i;
                lower.add(builds.submit(() -> create(options(directory.resolve(name), name + ".boot"))));
                layers.add(directory.resolve(name + ".boot"));
            }
        }
        List<String> ids = new ArrayList<>();
        for (Future<BuildResult> layer : lower) {
            ids.addAll(layer.resultNow().blobs());
        }
        BuildResult built = new MergeImages(
                        MergeOptions.builder(layers, new OutputPlace.OutputFile(directory.resolve("boot")))
                                .originalBlobIds(ids)
                                .build(),
                        ProgressListener.NONE)
                .run();
        assertThat(blobCount(built)).isEqualTo(100);
        compare(built);
    }

    private void makeTree() throws Exception {
        Shell.out(tree, """
            mkdir -p a/b
            for i in $(seq 30); do seq $((i * i * 10)) >a/$i; yes "$i" | head -n 3000 >a/b/$i; done
            ln a/3 a/b/third
            ln -s ../3 a/b/link
            setfattr -n user.x -v y a/b/1
            """);
    }

    @Test
    void showsAnImageOnItsParent() throws Exception {
        makeTree();
        create(options(tree, "lower"));
        Path upper = Files.createDirectory(directory.resolve("upper"));
        Shell.out(upper, """
            mkdir -p a/b a/new
            touch a/.wh.7
            echo changed >a/8
            cp ../tree/a/9 a/new/again
            cp -a . ../tree
            rm ../tree/a/.wh.7 ../tree/a/7
            touch -r a ../tree/a
            """);
        BuildResult built = create(options(upper, "boot").parentBootstrap(directory.resolve("lower")));
        assertThat(blobCount(built)).isEqualTo(2);
        compare(built);
    }

    @Test
    void showsAnImageThatADictionaryHasDataOf() throws Exception {
        makeTree();
        create(options(tree, "dictionary"));
        Shell.out(tree, "cp a/30 a/copy; seq 5000 7000 >a/new; rm -r a/b");
        BuildResult built = create(options(tree, "boot").chunkDictionary(directory.resolve("dictionary")));
        assertThat(blobCount(built)).isEqualTo(2);
        compare(built);
    }

    @Test
    void showsAnOptimizedImage() throws Exception {
        makeTree();
        create(options(tree, "plain"));
        List<AccessedFile> read = List.of(
                new AccessedFile("/a/20".getBytes(StandardCharsets.UTF_8), Optional.empty()),
                new AccessedFile("/a/b/5".getBytes(StandardCharsets.UTF_8), Optional.empty()));
        BuildResult built;
        try (BlobBackend backend = BackendFactory.open(
                new LocalFsSettings("", blobs.toString(), List.of()), new BackendCounters("localfs"))) {
            built = new OptimizeImage(
                            new OptimizeOptions(
                                    directory.resolve("plain"), backend, read, directory.resolve("boot"), blobs),
                            ProgressListener.NONE)
                    .run();
        }
        assertThat(blobCount(built)).isEqualTo(2);
        compare(built);
    }

    /** It has no blob, so that the kernel is given the metadata alone. */
    @Test
    void showsAnImageWithoutData() throws Exception {
        Shell.out(tree, "mkdir a; touch a/empty; mknod a/null c 1 3; ln -s empty a/link");
        BuildResult built = create(options(tree, "boot"));
        assertThat(blobCount(built)).isZero();
        compare(built);
    }

    /** Its metadata comes from the layer's table of contents, its data stays in the layer. */
    @Test
    void showsAnEstargzLayer() throws Exception {
        Shell.out(
                tree,
                "tar --xattrs --xattrs-include='*' --numeric-owner -xpf \"$1\"",
                TESTDATA.resolve("golden/tree.tar").toString());
        Path layer = TESTDATA.resolve("stargz/tree-4k.esgz");
        BuildResult built = create(options(layer, "boot").type(ConversionType.ESTARGZTOC_REF));
        Files.copy(layer, blobs.resolve(built.blobs().getFirst()));
        compare(built, true);
    }
}
