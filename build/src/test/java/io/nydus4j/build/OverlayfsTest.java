package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares images of three layers with what the kernel's overlayfs shows for the same three. */
final class OverlayfsTest {
    private static final int LAYERS = 3;

    @TempDir
    private Path work;

    @BeforeAll
    static void requireOverlayfs() throws IOException {
        Root.require();
        boolean known = Files.readString(Path.of("/proc/filesystems")).contains("\toverlay\n");
        if ("true".equals(System.getenv("CI"))) {
            assertThat(known).as("the kernel has overlayfs").isTrue();
        }
        assumeTrue(known, "needs overlayfs, which this kernel has not");
    }

    static LongStream seeds() {
        return LongStream.concat(LongStream.of(1, 2), new Random().longs(4));
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void imageOfThreeLayersShowsWhatOverlayfsShows(long seed) throws IOException, InterruptedException {
        RandomLayers.make(seed, LAYERS, work.resolve("oci"), work.resolve("overlay"));
        List<String> expected = overlaid();

        for (RafsVersion version : RafsVersion.values()) {
            Path images = Files.createDirectory(work.resolve(version.text()));
            List<Path> layers = new ArrayList<>();
            for (int i = 1; i <= LAYERS; i++) {
                layers.add(layer(i, version, images));
            }
            Path merged = images.resolve("merged");
            merge(MergeOptions.builder(layers, new OutputPlace.OutputFile(merged)));
            assertThat(lines(merged, images)).as("merged, v%s", version.text()).isEqualTo(expected);

            Path lower = images.resolve("lower");
            merge(MergeOptions.builder(layers.subList(0, 2), new OutputPlace.OutputFile(lower)));
            Path onParent = images.resolve("on-parent");
            merge(MergeOptions.builder(layers.subList(2, 3), new OutputPlace.OutputFile(onParent))
                    .parent(lower));
            assertThat(lines(onParent, images))
                    .as("merged with a parent, v%s", version.text())
                    .isEqualTo(expected);

            Path oci = stacked("oci", WhiteoutSpec.OCI, version, images);
            assertThat(lines(oci, images))
                    .as("built on parents, v%s, OCI", version.text())
                    .isEqualTo(expected);
            Path overlay = stacked("overlay", WhiteoutSpec.OVERLAYFS, version, images);
            assertThat(lines(overlay, images))
                    .as("built on parents, v%s, overlayfs", version.text())
                    .isEqualTo(expected);
        }
    }

    /** Returns what overlayfs shows. */
    private List<String> overlaid() throws IOException, InterruptedException {
        Path mount = Files.createDirectory(work.resolve("mount"));
        Path layers = work.resolve("overlay");
        String lower = layers.resolve("3") + ":" + layers.resolve("2") + ":" + layers.resolve("1");
        Root.run("mount", "-t", "overlay", "overlay", "-o", "ro,lowerdir=" + lower, mount.toString());
        try {
            return Listing.ofDirectory(mount);
        } finally {
            Root.run("umount", mount.toString());
        }
    }

    private static CreateOptions.Builder options(Path source, RafsVersion version, Path images) {
        return CreateOptions.builder(source).version(version).chunkSize(0x1000).blobDirectory(images);
    }

    /** Builds one layer for merging; its bootstrap is named as its blob, as merging wants it. */
    private Path layer(int layer, RafsVersion version, Path images) throws IOException {
        Path bootstrap = images.resolve("layer" + layer);
        BuildResult result = new CreateImage(
                        options(work.resolve("oci").resolve(String.valueOf(layer)), version, images)
                                .whiteoutSpec(WhiteoutSpec.NONE)
                                .bootstrapFile(bootstrap)
                                .build(),
                        ProgressListener.NONE)
                .run();
        if (result.blobs().isEmpty()) {
            return bootstrap;
        }
        Path named = Files.createDirectories(images.resolve("named" + layer))
                .resolve(result.blobs().getFirst());
        return Files.move(bootstrap, named);
    }

    /** Builds each layer on the one below. */
    private Path stacked(String format, WhiteoutSpec spec, RafsVersion version, Path images) throws IOException {
        Path bootstrap = images.resolve("stacked-" + format + "-1");
        for (int i = 1; i <= LAYERS; i++) {
            CreateOptions.Builder options = options(work.resolve(format).resolve(String.valueOf(i)), version, images)
                    .whiteoutSpec(spec);
            if (i > 1) {
                options.parentBootstrap(bootstrap);
            }
            bootstrap = images.resolve("stacked-" + format + "-" + i);
            new CreateImage(options.bootstrapFile(bootstrap).build(), ProgressListener.NONE).run();
        }
        return bootstrap;
    }

    private static void merge(MergeOptions.Builder options) throws IOException {
        new MergeImages(options.build(), ProgressListener.NONE).run();
    }

    private static List<String> lines(Path bootstrap, Path images) throws IOException {
        try (DirectoryBackend blobs = new DirectoryBackend(images);
                Rafs image = Rafs.load(bootstrap, LoadOptions.DEFAULT)) {
            return Listing.ofImage(image, blobs);
        }
    }
}
