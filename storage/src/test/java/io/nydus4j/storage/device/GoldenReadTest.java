package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads every file of the reference's images and compares it with the archive that the image was made from. */
final class GoldenReadTest {
    private static final List<String> FULL = List.of(
            "v5-inline",
            "v5-lz4-4k",
            "v5-none-sha256",
            "v5-prefetch-blob",
            "v5-prefetch-fs",
            "v5-zstd-aligned",
            "v6-batch",
            "v6-encrypt",
            "v6-inline",
            "v6-lz4-4k",
            "v6-none-4k",
            "v6-overlayfs-whiteouts",
            "v6-prefetch-fs",
            "v6-repeatable",
            "v6-sha256",
            "v6-toc",
            "v6-zstd-1m",
            "v6-zstd-4k");
    private static final List<String> TREE =
            List.of("plain-v5", "plain-v6", "tar-tarfs", "tar-v5-lz4", "tar-v6-zstd", "targz-ref", "targz-v6-zstd");

    @TempDir
    static Path shared;

    private static Path blobs;

    @TempDir
    Path work;

    @BeforeAll
    static void linkBlobs() throws IOException {
        blobs = GoldenBlobs.linkAll(shared.resolve("blobs"));
    }

    static Stream<Arguments> images() {
        Stream<Arguments> full = FULL.stream().map(image -> Arguments.of(image, new String[] {"full.tar"}));
        Stream<Arguments> tree = TREE.stream().map(image -> Arguments.of(image, new String[] {"tree.tar"}));
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

    private StorageConfiguration configuration(CacheConfiguration cache) {
        return StorageConfiguration.of(new LocalFsSettings("", blobs.toString(), List.of()), cache);
    }

    private CacheConfiguration inFiles(boolean compressed, boolean validate) {
        return new CacheConfiguration(
                "filecache",
                compressed,
                validate,
                PrefetchConfiguration.ABSENT,
                Optional.of(FileCacheSettings.in(work.toString())),
                Optional.empty());
    }

    private static void assertReadsAs(String image, StorageConfiguration configuration, Map<String, byte[]> expected)
            throws IOException {
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(bootstrap, configuration)) {
            Map<String, Inode> files = GoldenBlobs.files(bootstrap);
            assertThat(files.keySet().stream().filter(path -> !path.contains("/.wh.")))
                    .as("files of " + image)
                    .containsExactlyInAnyOrderElementsOf(expected.keySet().stream()
                            .filter(path -> !path.contains("/.wh."))
                            .toList());
            List<String> paths = new ArrayList<>(expected.keySet());
            Collections.shuffle(paths, new Random(42));
            for (String path : paths) {
                byte[] content = expected.get(path);
                Inode inode = files.get(path);
                if (inode == null) {
                    continue;
                }
                ByteBuffer buffer = ByteBuffer.allocate(content.length + 10);
                assertThat(device.read(inode, 0, buffer)).as(image + path).isEqualTo(content.length);
                assertThat(buffer.flip()).as(image + path).isEqualTo(ByteBuffer.wrap(content));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsEveryFileThroughTheFileCache(String image, String[] archives) throws IOException {
        Map<String, byte[]> expected = GoldenTree.of(archives);
        assertReadsAs(image, configuration(inFiles(false, false)), expected);
        // Again, from what is in the folder now.
        assertReadsAs(image, configuration(inFiles(false, true)), expected);
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsEveryFileThroughTheCompressedCache(String image, String[] archives) throws IOException {
        Map<String, byte[]> expected = GoldenTree.of(archives);
        assertReadsAs(image, configuration(inFiles(true, false)), expected);
        assertReadsAs(image, configuration(inFiles(true, true)), expected);
    }

    @ParameterizedTest
    @MethodSource("images")
    void readsEveryFileWithoutACache(String image, String[] archives) throws IOException {
        assertReadsAs(image, configuration(CacheConfiguration.none()), GoldenTree.of(archives));
    }
}
