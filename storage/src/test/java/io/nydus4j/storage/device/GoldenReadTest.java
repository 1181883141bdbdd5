package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.TestStores;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads every file of the reference's images and compares it with the archive that the image was made from. */
final class GoldenReadTest {
    private static Path blobs;

    @TempDir
    Path work;

    @BeforeAll
    static void linkBlobs(@TempDir Path shared) throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    static Stream<Arguments> images() {
        Stream<Arguments> full =
                GoldenImage.OF_FULL.stream().map(image -> Arguments.of(image, new String[] {"full.tar"}));
        Stream<Arguments> tree =
                GoldenImage.OF_TREE.stream().map(image -> Arguments.of(image, new String[] {"tree.tar"}));
        Stream<Arguments> others = Stream.of(
                Arguments.of("dict-hit-v5", new String[] {"mixed.tar"}),
                Arguments.of("dict-hit-v6", new String[] {"mixed.tar"}),
                Arguments.of("dict-v6", new String[] {"upper.tar"}),
                Arguments.of("upper-v5", new String[] {"upper.tar"}),
                Arguments.of("upper-v6", new String[] {"upper.tar"}),
                Arguments.of("merge-v5", new String[] {"tree.tar", "upper.tar"}),
                Arguments.of("merge-v6", new String[] {"tree.tar", "upper.tar"}),
                Arguments.of("several-xattrs-v5", new String[] {"several-xattrs.tar"}),
                Arguments.of("several-xattrs-v6", new String[] {"several-xattrs.tar"}));
        return Stream.of(full, tree, others).flatMap(stream -> stream);
    }

    private StorageConfiguration inFiles(boolean compressed, boolean validate) {
        FileCacheSettings files = FileCacheSettings.in(work.toString());
        return TestStores.of(blobs, TestStores.cache(files, compressed, validate, PrefetchConfiguration.ABSENT));
    }

    private static void assertReadsAs(String image, StorageConfiguration configuration, GoldenTree expected)
            throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(bootstrap, configuration)) {
            Map<String, Inode> files = GoldenBlobs.files(bootstrap);
            assertThat(files.keySet().stream().filter(path -> !path.contains("/.wh.")))
                    .as("files of " + image)
                    .containsExactlyInAnyOrderElementsOf(expected.files().keySet().stream()
                            .filter(path -> !path.contains("/.wh."))
                            .toList());
            List<String> paths = new ArrayList<>(expected.files().keySet());
            Collections.shuffle(paths, new Random(42));
            for (String path : paths) {
                Inode inode = files.get(path);
                if (inode != null) {
                    expected.assertReads(device, path, inode);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsEveryFileThroughTheFileCache(String image, String[] archives) throws IOException {
        GoldenTree expected = GoldenTree.of(archives);
        assertReadsAs(image, inFiles(false, false), expected);
        // Again, from what is in the folder now.
        assertReadsAs(image, inFiles(false, true), expected);
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsEveryFileThroughTheCompressedCache(String image, String[] archives) throws IOException {
        GoldenTree expected = GoldenTree.of(archives);
        assertReadsAs(image, inFiles(true, false), expected);
        assertReadsAs(image, inFiles(true, true), expected);
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsEveryFileWithoutACache(String image, String[] archives) throws IOException {
        assertReadsAs(image, TestStores.of(blobs, CacheConfiguration.none()), GoldenTree.of(archives));
    }
}
