package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of as many blobs as v6 can have, and of one more. */
final class ManyBlobsTest {
    private static final int MOST = 254;

    @TempDir
    private static Path layers;

    @TempDir
    private Path work;

    /** Makes layers of one file each. */
    @BeforeAll
    static void makeLayers() throws IOException {
        Path tree = Files.createDirectory(layers.resolve("tree"));
        for (int i = 0; i <= MOST; i++) {
            Path file = Files.writeString(tree.resolve(name(i)), "content of " + i);
            CreateOptions options = CreateOptions.builder(tree)
                    .compression(Compression.NONE)
                    .threads(1)
                    .blobDirectory(layers)
                    .bootstrapFile(layers.resolve(name(i) + ".boot"))
                    .build();
            new CreateImage(options, ProgressListener.NONE).run();
            Files.delete(file);
        }
    }

    private static String name(int layer) {
        return "layer%03d".formatted(layer);
    }

    private Path merge(int count, Path output) throws IOException {
        List<Path> sources = new ArrayList<>();
        try (DirectoryBackend blobs = new DirectoryBackend(layers)) {
            for (int i = 0; i < count; i++) {
                sources.add(layers.resolve(name(i) + ".boot"));
            }
            MergeOptions options = MergeOptions.builder(sources, new OutputPlace.OutputFile(output))
                    .blobs(blobs)
                    .build();
            return new MergeImages(options, ProgressListener.NONE)
                    .run()
                    .bootstrap()
                    .orElseThrow();
        }
    }

    private static Map<String, String> content(Path bootstrap) throws IOException {
        return Images.content(bootstrap, layers);
    }

    @Test
    void imageOfAllBlobsIsWhole() throws IOException {
        Path merged = merge(MOST, work.resolve("merged"));
        try (Rafs image = Rafs.load(merged, LoadOptions.DEFAULT);
                DirectoryBackend blobs = new DirectoryBackend(layers)) {
            assertThat(image.blobs()).hasSize(MOST);
            CheckOptions check = new CheckOptions(merged, Optional.of(blobs), true, 2);
            assertThat(new CheckImage(check, ProgressListener.NONE).run().verifiedChunks())
                    .isEqualTo(MOST);
            Path unpacked = work.resolve("unpacked");
            UnpackOptions unpack = new UnpackOptions(merged, blobs, unpacked, UnpackOptions.Form.DIRECTORY);
            new UnpackImage(unpack, ProgressListener.NONE).run();
            for (int i = 0; i < MOST; i++) {
                assertThat(unpacked.resolve(name(i))).hasContent("content of " + i);
            }
        }
    }

    @Test
    void compactMakesOneOfThem() throws IOException {
        Path merged = merge(MOST, work.resolve("merged"));
        try (DirectoryBackend blobs = new DirectoryBackend(layers)) {
            CompactOptions options = new CompactOptions(
                    merged, blobs, work.resolve("new"), layers, Optional.empty(), 0, 1 << 20, 100 << 20, 0);
            assertThat(new CompactImage(options, ProgressListener.NONE)
                            .run()
                            .orElseThrow()
                            .blobs())
                    .hasSize(1);
        }
        assertThat(content(work.resolve("new"))).isEqualTo(content(merged));
    }

    @Test
    void oneMoreIsRefusedWithNothingLeft() throws IOException {
        Path merged = merge(MOST, work.resolve("merged"));
        Path output = Files.createDirectory(work.resolve("output"));
        assertThatThrownBy(() -> merge(MOST + 1, output.resolve("boot")))
                .isInstanceOf(IOException.class)
                .hasStackTraceContaining("255 blobs are too many, 254 is the most");
        try (DirectoryBackend blobs = new DirectoryBackend(layers)) {
            AccessedFile file = new AccessedFile("/layer007".getBytes(StandardCharsets.UTF_8), Optional.empty());
            OptimizeOptions optimize = new OptimizeOptions(merged, blobs, List.of(file), output.resolve("new"), output);
            assertThatThrownBy(() -> new OptimizeImage(optimize, ProgressListener.NONE).run())
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining("255 blobs are too many, 254 is the most");
            Path tree = Files.createDirectory(work.resolve("tree"));
            Files.writeString(tree.resolve("another"), "content of another");
            CreateOptions create = CreateOptions.builder(tree)
                    .parentBootstrap(merged)
                    .blobs(blobs)
                    .blobDirectory(output)
                    .build();
            assertThatThrownBy(() -> new CreateImage(create, ProgressListener.NONE).run())
                    .isInstanceOf(IOException.class)
                    .hasStackTraceContaining("255 blobs are too many, 254 is the most");
        }
        assertThat(output).isEmptyDirectory();
    }
}
