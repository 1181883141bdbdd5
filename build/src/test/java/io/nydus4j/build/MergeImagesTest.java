package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.InconsistentImageException;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Merges small layers: what the options say of blobs, and what does not go together. */
final class MergeImagesTest {
    private static final String DIGEST = "ab".repeat(32);

    @TempDir
    private Path folder;

    private int layers;

    /** Builds a layer of files that hold their own names. */
    private Path layer(RafsVersion version, Compression compression, int chunkSize, String... names)
            throws IOException {
        String name = "layer" + layers++;
        Path source = Files.createDirectory(folder.resolve(name + ".source"));
        for (String file : names) {
            Files.createDirectories(source.resolve(file).getParent());
            Files.writeString(
                    source.resolve(file), file.contains(".wh.") || file.endsWith("empty") ? "" : file.repeat(100));
        }
        Path bootstrap = folder.resolve(name);
        new CreateImage(
                        CreateOptions.builder(source)
                                .version(version)
                                .compression(compression)
                                .chunkSize(chunkSize)
                                .whiteoutSpec(WhiteoutSpec.NONE)
                                .blobDirectory(folder)
                                .bootstrapFile(bootstrap)
                                .build(),
                        ProgressListener.NONE)
                .run();
        return bootstrap;
    }

    private Path layer(RafsVersion version, String... names) throws IOException {
        return layer(version, Compression.ZSTD, 0x1000, names);
    }

    private MergeOptions.Builder options(Path... sources) {
        return MergeOptions.builder(List.of(sources), new OutputPlace.OutputFile(folder.resolve("merged")));
    }

    private static BuildResult merge(MergeOptions.Builder options) throws IOException {
        return new MergeImages(options.build(), ProgressListener.NONE).run();
    }

    private Rafs merged() throws IOException {
        return Rafs.load(folder.resolve("merged"), LoadOptions.DEFAULT);
    }

    /** Returns the link counts of all names below the root. */
    private Map<String, Long> names() throws IOException {
        Map<String, Long> names = new TreeMap<>();
        try (Rafs image = merged()) {
            BootstrapWalk.preOrder(image, (inode, walk) -> {
                if (walk.depth() > 0) {
                    names.put(new String(walk.path(), StandardCharsets.UTF_8), (long) inode.linkCount());
                }
            });
        }
        return names;
    }

    @ParameterizedTest
    @EnumSource
    void laterLayersHideAndRemove(RafsVersion version) throws IOException {
        Path lower = layer(version, "a/one", "a/two", "b", "c/d/e");
        Path upper = layer(version, "a/.wh.one", "a/three", "b", "c/.wh..wh..opq", "c/f");

        BuildResult result = merge(options(lower, upper));

        assertThat(names()).containsOnlyKeys("/a", "/a/three", "/a/two", "/b", "/c", "/c/f");
        assertThat(result.blobs()).containsExactly("layer1", "layer0");
    }

    @ParameterizedTest
    @EnumSource
    void leavesOutBlobsThatNothingUsesAnyMore(RafsVersion version) throws IOException {
        Path lower = layer(version, "a/one", "a/two");
        Path upper = layer(version, ".wh.a", "b");

        assertThat(merge(options(lower, upper)).blobs()).containsExactly("layer1");
        try (Rafs image = merged()) {
            assertThat(image.blobs()).extracting(BlobInfo::id).containsExactly("layer1");
        }
    }

    @ParameterizedTest
    @EnumSource
    void emptyFilesOfAParentWithoutBlobsAreNotTakenForThoseOfALayer(RafsVersion version) throws IOException {
        Path parent = layer(version, "parent-empty");
        Path upper = layer(version, "upper-empty");

        merge(options(upper).parent(parent));

        assertThat(names()).containsExactlyInAnyOrderEntriesOf(Map.of("/parent-empty", 1L, "/upper-empty", 1L));
    }

    @ParameterizedTest
    @EnumSource
    void keepsTheChunkSizeOfAParentUnderLayersWithoutBlobs(RafsVersion version) throws IOException {
        Path parent = layer(version, "a", "b");
        Path upper = layer(version, ".wh.a");

        merge(options(upper).parent(parent));

        try (Rafs image = merged()) {
            assertThat(image.superblock().chunkSize()).isEqualTo(0x1000);
        }
        assertThat(names()).containsOnlyKeys("/b");
    }

    @Test
    void listsSayWhatBlobsAreCalledAndHowLargeTheyAre() throws IOException {
        Path lower = layer(RafsVersion.V6, "a");
        Path upper = layer(RafsVersion.V6, "b");

        merge(options(lower, upper)
                .originalBlobIds(List.of("first", "second"))
                .blobSizes(List.of(11L, 22L))
                .blobTocDigests(List.of(DIGEST, "CD".repeat(32)))
                .blobTocSizes(List.of(128L, 1L << 32 | 256)));

        try (Rafs image = merged()) {
            List<BlobInfo> blobs = image.blobs();
            assertThat(blobs).extracting(BlobInfo::id).containsExactly("first", "second");
            assertThat(blobs).extracting(BlobInfo::compressedSize).containsExactly(11L, 22L);
            assertThat(blobs).extracting(blob -> blob.tocDigest().toString()).containsExactly(DIGEST, "cd".repeat(32));
            assertThat(blobs).extracting(BlobInfo::tocSize).containsExactly(128, 256);
        }
    }

    @Test
    void refusesListsThatDoNotFitTheSources() throws IOException {
        Path source = layer(RafsVersion.V6, "a");
        assertThatThrownBy(() -> merge(options(source).blobDigests(List.of(DIGEST, DIGEST))))
                .hasMessage("number of blob digest entries 2 doesn't match number of sources 1");
        assertThatThrownBy(() -> merge(options(source).originalBlobIds(List.of("a", "b"))))
                .hasMessage("number of original blob id entries 2 doesn't match number of sources 1");
        assertThatThrownBy(() -> merge(options(source).blobSizes(List.of(1L, 2L))))
                .hasMessage("number of blob size entries 2 doesn't match number of sources 1");
        assertThatThrownBy(() -> merge(options(source).blobTocDigests(List.of(DIGEST, DIGEST))))
                .hasMessage("number of toc digest entries 2 doesn't match number of sources 1");
        assertThatThrownBy(() -> merge(options(source).blobTocSizes(List.of(1L, 2L))))
                .hasMessage("number of toc size entries 2 doesn't match number of sources 1");
        assertThat(folder.resolve("merged")).doesNotExist();
    }

    @Test
    void refusesWhatIsNoDigest() throws IOException {
        Path source = layer(RafsVersion.V6, "a");
        for (String wrong : List.of("", "abc", "ab", "xy".repeat(32))) {
            assertThatThrownBy(() -> merge(options(source).blobDigests(List.of(wrong))))
                    .isInstanceOf(IOException.class)
                    .hasMessage("invalid blob digest \"" + wrong + "\": expected 64 hexadecimal digits");
        }
    }

    @Test
    void refusesASourceOfTwoBlobs() throws IOException {
        Path two = folder.resolve("two");
        merge(options(layer(RafsVersion.V6, "a"), layer(RafsVersion.V6, "b")));
        Files.move(folder.resolve("merged"), two);

        assertThatThrownBy(() -> merge(options(two)))
                .hasMessageStartingWith("invalid per layer bootstrap, having multiple associated data blobs");
        // They are no layer's own if a dictionary has them.
        assertThat(merge(options(two).chunkDictionary(two)).blobs()).containsExactly("layer0", "layer1");
    }

    @Test
    void refusesImagesThatDoNotGoTogether() throws IOException {
        Path v5 = layer(RafsVersion.V5, "a");
        Path v6 = layer(RafsVersion.V6, "a");
        Path large = layer(RafsVersion.V6, Compression.ZSTD, 0x2000, "a");

        assertThatThrownBy(() -> merge(options(v5, v6)))
                .isInstanceOf(InconsistentImageException.class)
                .hasMessageContaining("inconsistent RAFS version V5");
        assertThatThrownBy(() -> merge(options(v6).parent(v5)))
                .isNotInstanceOf(InconsistentImageException.class)
                .hasMessageContaining("parent bootstrap \"" + v5 + "\" does not go with the sources")
                .hasRootCauseInstanceOf(InconsistentImageException.class);
        assertThatThrownBy(() -> merge(options(v6, large)))
                .isInstanceOf(InconsistentImageException.class)
                .hasMessageContaining("chunk_size: 4096 vs 8192");
        assertThatThrownBy(() -> merge(options(v6).parent(large)))
                .hasRootCauseInstanceOf(InconsistentImageException.class)
                .hasStackTraceContaining("chunk_size");
        assertThat(folder.resolve("merged")).doesNotExist();
    }

    @Test
    void refusesChunksThatV5CouldNotDecompress() throws IOException {
        Path zstd = layer(RafsVersion.V5, Compression.ZSTD, 0x1000, "a");
        Path lz4 = layer(RafsVersion.V5, Compression.LZ4_BLOCK, 0x1000, "b");
        Path none = layer(RafsVersion.V5, Compression.NONE, 0x1000, "c");

        assertThatThrownBy(() -> merge(options(zstd, lz4))).hasMessageContaining("compressed with zstd");
        assertThat(merge(options(none, lz4)).blobs()).hasSize(2);
        // Each blob of v6 has its own algorithm.
        Path lz4V6 = layer(RafsVersion.V6, Compression.LZ4_BLOCK, 0x1000, "b");
        assertThat(merge(options(layer(RafsVersion.V6, "a"), lz4V6)).blobs()).hasSize(2);
    }

    @Test
    void namesTheImageThatCannotBeRead() throws IOException {
        Path source = layer(RafsVersion.V6, "a");
        Path broken = Files.writeString(folder.resolve("broken"), "x".repeat(9000));

        assertThatThrownBy(() -> merge(options(source, broken))).hasMessage("load bootstrap \"" + broken + "\"");
        assertThatThrownBy(() -> merge(options(source).parent(broken)))
                .hasMessage("load parent bootstrap \"" + broken + "\"");
        assertThatThrownBy(() -> merge(options(source).chunkDictionary(broken)))
                .hasMessage("load chunk dict bootstrap \"" + broken + "\"");
    }

    @Test
    void directoryTakesTheBootstrapNamedByItsDigest() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("out"));
        BuildResult result = merge(
                MergeOptions.builder(List.of(layer(RafsVersion.V6, "a")), new OutputPlace.OutputDirectory(directory)));

        List<Path> files = new ArrayList<>();
        try (var all = Files.list(directory)) {
            all.forEach(files::add);
        }
        assertThat(files).containsExactly(result.bootstrap().orElseThrow());
        assertThat(String.valueOf(files.getFirst().getFileName())).matches("[0-9a-f]{64}");
    }
}
