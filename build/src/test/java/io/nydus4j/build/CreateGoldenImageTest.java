package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapListing;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.Xattr;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds the trees that the reference's images were built from, and compares whole files. */
final class CreateGoldenImageTest {
    @TempDir
    private static Path trees;

    @TempDir
    private Path output;

    @BeforeAll
    static void unpackTrees() throws IOException, InterruptedException {
        Root.require();
        for (String tree : List.of("full.tar", "tree.tar", "several-xattrs.tar")) {
            Path directory = Files.createDirectory(trees.resolve(tree));
            Root.extract(GoldenImage.root().resolve(tree), directory);
        }
    }

    private BuildResult build(String name, int threads) throws IOException {
        return build(name, threads, Optional.empty());
    }

    private BuildResult build(String name, int threads, Optional<BlobKey> key) throws IOException {
        GoldenArguments arguments = GoldenArguments.read(name);
        Path source = trees.resolve(String.valueOf(arguments.archive().getFileName()));
        return new CreateImage(arguments.options(source, output, threads), ProgressListener.NONE, key).run();
    }

    /** Compares every bootstrap and blob of the golden image; beside them only the external bootstrap may be there. */
    private void assertFilesEqual(String name) throws IOException {
        Set<String> expected = Images.assertHasGolden(name, output);
        if (expected.contains("boot")) {
            expected.add("boot.external");
        }
        assertThat(output.toFile().list()).containsExactlyInAnyOrderElementsOf(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "v5-lz4-4k, 1",
        "v5-lz4-4k, 2",
        "v5-lz4-4k, 8",
        "v5-none-sha256, 1",
        "v5-none-sha256, 8",
        "v5-zstd-aligned, 1",
        "v5-zstd-aligned, 8",
        "v5-prefetch-fs, 1",
        "v5-prefetch-fs, 8",
        "v5-prefetch-blob, 1",
        "v5-prefetch-blob, 8",
        "v5-inline, 1",
        "v5-inline, 8",
        "plain-v5, 1",
        "plain-v5, 2",
        "plain-v5, 8",
        "v6-zstd-4k, 1",
        "v6-zstd-4k, 2",
        "v6-zstd-4k, 8",
        "v6-zstd-1m, 1",
        "v6-zstd-1m, 8",
        "v6-lz4-4k, 1",
        "v6-lz4-4k, 8",
        "v6-none-4k, 1",
        "v6-none-4k, 8",
        "v6-sha256, 1",
        "v6-sha256, 8",
        "v6-toc, 1",
        "v6-toc, 8",
        "v6-inline, 1",
        "v6-inline, 8",
        "v6-batch, 1",
        "v6-batch, 2",
        "v6-batch, 8",
        "v6-prefetch-fs, 1",
        "v6-prefetch-fs, 8",
        "v6-repeatable, 1",
        "v6-repeatable, 8",
        "v6-overlayfs-whiteouts, 1",
        "v6-overlayfs-whiteouts, 8",
        "plain-v6, 1",
        "plain-v6, 2",
        "plain-v6, 8"
    })
    void imageIsTheReferencesByteForByte(String name, int threads) throws IOException {
        BuildResult result = build(name, threads);
        assertFilesEqual(name);
        String expected = Files.readString(GoldenImage.root().resolve(name).resolve("output.json"));
        assertThat(BuildEvents.of(result.toJson("reference"))).isEqualTo(BuildEvents.of(expected));
        assertThat(result.blobs()).allSatisfy(id -> assertThat(expected).contains(id));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void encryptedImageIsTheReferencesGivenItsKey(int threads) throws IOException {
        BlobInfo blob = GoldenImage.read("v6-encrypt").ownBlob();
        BlobKey key = new BlobKey(blob.metaDigest(), blob.metaSize(), blob.cipherIv());
        build("v6-encrypt", threads, Optional.of(key));
        assertFilesEqual("v6-encrypt");
    }

    /** The reference writes xattrs in random order. */
    @ParameterizedTest
    @ValueSource(strings = {"several-xattrs-v5", "several-xattrs-v6"})
    void imageIsTheReferencesButForTheOrderOfXattrs(String name) throws IOException {
        build(name, 2);
        Path golden = GoldenImage.root().resolve(name).resolve("boot");
        Path found = output.resolve("boot");
        assertThat(Files.size(found)).isEqualTo(Files.size(golden));
        try (Rafs expected = Rafs.load(golden, LoadOptions.DEFAULT);
                Rafs mine = Rafs.load(found, LoadOptions.DEFAULT)) {
            assertThat(lines(mine)).isEqualTo(lines(expected));
            assertThat(xattrs(mine)).isEqualTo(xattrs(expected));
        }
    }

    private static List<String> lines(Bootstrap image) throws IOException {
        List<String> lines = new ArrayList<>();
        new BootstrapListing(image).inodes(lines::add);
        new BootstrapListing(image).blobs(lines::add);
        return lines;
    }

    private static Map<String, Set<Xattr>> xattrs(Bootstrap image) throws IOException {
        Map<String, Set<Xattr>> all = new HashMap<>();
        BootstrapWalk.preOrder(image, (inode, walk) -> {
            Set<Xattr> xattrs = new HashSet<>();
            for (byte[] name : inode.xattrNames()) {
                byte[] value = inode.xattr(name);
                xattrs.add(new Xattr(name, value == null ? new byte[0] : value));
            }
            all.put(new String(walk.path(), StandardCharsets.ISO_8859_1), xattrs);
        });
        return all;
    }

    @ParameterizedTest
    @ValueSource(strings = {"v5-lz4-4k", "v6-zstd-4k"})
    void externalBootstrapHasTheRootAlone(String name) throws IOException {
        BuildResult result = build(name, 2);
        try (Rafs external = Rafs.load(result.externalBootstrap().orElseThrow(), LoadOptions.DEFAULT);
                Rafs main = Rafs.load(result.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
            assertThat(external.blobs()).isEmpty();
            assertThat(external.root().childCount()).isZero();
            assertThat(external.root().mode()).isEqualTo(main.root().mode());
            assertThat(external.superblock().chunkSize())
                    .isEqualTo(main.superblock().chunkSize());
            if (main.superblock().version() == RafsVersion.V6) {
                assertThat(external.superblock().flags().bits() & ~0x100)
                        .as("flags but that chunk digests are inlined, which holds where there is no blob")
                        .isEqualTo(main.superblock().flags().bits() & ~0x100);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v5-lz4-4k", "v5-inline", "v6-zstd-4k", "v6-inline", "v6-toc", "v6-batch", "v6-encrypt"})
    void everyChunkOfTheImageReadsBackVerified(String name) throws IOException {
        BuildResult result = GoldenArguments.read(name).words().contains("--encrypt")
                ? build(name, 2, Optional.of(BlobKey.random()))
                : build(name, 2);
        Path bootstrap = result.bootstrap().orElse(output.resolve(result.blobs().getFirst()));
        try (DirectoryBackend blobs = new DirectoryBackend(output)) {
            CheckOptions options = new CheckOptions(bootstrap, Optional.of(blobs), true, 2);
            CheckResult check = new CheckImage(options, ProgressListener.NONE).run();
            long chunks = check.blobs().stream().mapToLong(BlobInfo::chunkCount).sum();
            assertThat(check.verifiedChunks()).isEqualTo(chunks).isPositive();
        }
    }
}
