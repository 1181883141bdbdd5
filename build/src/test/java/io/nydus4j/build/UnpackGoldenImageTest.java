package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.build.tar.ArchiveInputs;
import io.nydus4j.build.tar.ArchiveLimits;
import io.nydus4j.build.tar.TarReader;
import io.nydus4j.build.tar.TestTar;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Unpacks the reference's images, and compares what GNU tar makes of the archives with the trees they were built from. */
final class UnpackGoldenImageTest {
    @TempDir
    private static Path trees;

    @TempDir
    private Path work;

    @BeforeAll
    static void unpackTrees() throws IOException, InterruptedException {
        Root.require();
        for (String tree : List.of("full.tar", "several-xattrs.tar")) {
            Root.extract(GoldenImage.root().resolve(tree), Files.createDirectory(trees.resolve(tree)));
        }
    }

    private static Path bootstrap(Path image) throws IOException {
        if (Files.exists(image.resolve("boot"))) {
            return image.resolve("boot");
        }
        try (Stream<Path> files = Files.list(image)) {
            return files.filter(file -> String.valueOf(file.getFileName()).matches("[0-9a-f]{64}"))
                    .findFirst()
                    .orElseThrow();
        }
    }

    static Stream<Arguments> images() {
        Stream<String> full = Stream.of(
                "v5-lz4-4k",
                "v5-none-sha256",
                "v5-zstd-aligned",
                "v5-inline",
                "v6-zstd-4k",
                "v6-none-4k",
                "v6-batch",
                "v6-encrypt",
                "v6-toc",
                "v6-inline");
        Stream<String> severalXattrs = Stream.of("several-xattrs-v5", "several-xattrs-v6");
        return Stream.concat(
                full.map(image -> Arguments.of(image, "full.tar")),
                severalXattrs.map(image -> Arguments.of(image, "several-xattrs.tar")));
    }

    @ParameterizedTest
    @MethodSource("images")
    void archiveHasTheTree(String name, String tree) throws IOException, InterruptedException {
        Path image = GoldenImage.root().resolve(name);
        Path archive = work.resolve("archive.tar");
        try (DirectoryBackend blobs = new DirectoryBackend(image)) {
            new UnpackImage(new UnpackOptions(bootstrap(image), blobs, archive), ProgressListener.NONE).run();
        }
        Path extracted = Files.createDirectory(work.resolve("extracted"));
        Root.extract(archive, extracted);
        assertThat(Listing.ofDirectory(extracted)).isEqualTo(Listing.ofDirectory(trees.resolve(tree)));
        try (Stream<Path> files = Files.list(work)) {
            assertThat(files).containsExactlyInAnyOrder(archive, extracted);
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void directoryHasTheTree(String name, String tree) throws IOException {
        Path image = GoldenImage.root().resolve(name);
        Path directory = work.resolve("extracted");
        try (DirectoryBackend blobs = new DirectoryBackend(image)) {
            UnpackOptions options = new UnpackOptions(bootstrap(image), blobs, directory, UnpackOptions.Form.DIRECTORY);
            new UnpackImage(options, ProgressListener.NONE).run();
        }
        assertThat(Listing.ofDirectory(directory)).isEqualTo(Listing.ofDirectory(trees.resolve(tree)));
    }

    @ParameterizedTest
    @CsvSource({"merge-v5", "merge-v6", "upper-v5", "dict-hit-v6", "targz-ref"})
    void imageOfSeveralBlobsOrOfAnArchiveComesBack(String name) throws IOException, InterruptedException {
        Path blobs = work.resolve("blobs");
        Path bootstrap = Images.copyGolden(name, blobs);
        Path archive = work.resolve("archive.tar");
        Path extracted = Files.createDirectory(work.resolve("extracted"));
        Path directory = work.resolve("directory");
        try (DirectoryBackend backend = new DirectoryBackend(blobs);
                Rafs image = Rafs.load(bootstrap, LoadOptions.DEFAULT)) {
            List<String> expected = Listing.ofImage(image, backend);
            new UnpackImage(new UnpackOptions(bootstrap, backend, archive), ProgressListener.NONE).run();
            Root.extract(archive, extracted);
            assertThat(Listing.ofDirectory(extracted)).isEqualTo(expected);
            UnpackOptions options = new UnpackOptions(bootstrap, backend, directory, UnpackOptions.Form.DIRECTORY);
            new UnpackImage(options, ProgressListener.NONE).run();
            assertThat(Listing.ofDirectory(directory)).isEqualTo(expected);
        }
    }

    @Test
    void imageOfTheBlocksOfAnArchiveComesBack() throws IOException, InterruptedException {
        Path blobs = work.resolve("blobs");
        Path bootstrap = Images.copyGolden("tar-tarfs", blobs);
        Path expected = Files.createDirectory(work.resolve("expected"));
        Root.extract(GoldenImage.root().resolve("tree.tar"), expected);
        Path directory = work.resolve("directory");
        try (BlobBackend backend = Images.localBackend(blobs)) {
            UnpackOptions options = new UnpackOptions(bootstrap, backend, directory, UnpackOptions.Form.DIRECTORY);
            new UnpackImage(options, ProgressListener.NONE).run();
        }
        // An image of an archive has whole seconds.
        assertThat(Listing.ofDirectory(directory))
                .isEqualTo(Listing.ofDirectory(expected).stream()
                        .map(line -> line.replaceFirst("( time -?\\d+)\\.\\d{9}", "$1.000000000"))
                        .toList());
    }

    @Test
    void chunksOfAReferencedArchiveAreVerified() throws IOException {
        Path image = GoldenImage.root().resolve("targz-ref");
        Path blobs = Files.createDirectory(work.resolve("blobs"));
        BlobInfo blob;
        try (Rafs rafs = Rafs.load(image.resolve("boot"), LoadOptions.DEFAULT)) {
            blob = rafs.blobs().getFirst();
        }
        Files.copy(GoldenImage.root().resolve("tree.tar.gz"), blobs.resolve(blob.effectiveId()));
        Files.copy(image.resolve(blob.metaId()), blobs.resolve(blob.metaId()));
        try (DirectoryBackend backend = new DirectoryBackend(blobs)) {
            CheckOptions options = new CheckOptions(image.resolve("boot"), Optional.of(backend), true, 2);
            CheckResult result = new CheckImage(options, ProgressListener.NONE).run();
            assertThat(result.verifiedChunks()).isEqualTo(blob.chunkCount());
        }
    }

    @ParameterizedTest
    @CsvSource({"merge-v5", "merge-v6", "tar-tarfs", "dict-hit-v6", "upper-v5"})
    void metadataIsChecked(String name) throws IOException {
        Path boot = GoldenImage.root().resolve(name).resolve("boot");
        CheckResult result = new CheckImage(CheckOptions.ofMetadata(boot), ProgressListener.NONE).run();
        String listing = Files.readString(boot.resolveSibling("check.txt"), StandardCharsets.ISO_8859_1);
        assertThat(listing).endsWith(result.summary());
    }

    /** A bootstrap of a megabyte. To look each up among all others would take minutes. */
    @ParameterizedTest
    @EnumSource(RafsVersion.class)
    void fileMayHaveAnyNumberOfXattrs(RafsVersion version) throws IOException {
        String[] records = new String[30_000];
        Arrays.setAll(records, i -> "SCHILY.xattr.user.%x=".formatted(i));
        TestTar tar = new TestTar();
        for (String name : List.of("a", "b", "c", "d")) {
            tar.pax('x', records).file(name, "");
        }
        Path source = Files.write(work.resolve("source.tar"), tar.finish());
        Path images = Files.createDirectory(work.resolve("images"));
        Path bootstrap = Images.build(
                CreateOptions.builder(source).type(ConversionType.TAR_RAFS).version(version), images);
        Path unpacked = work.resolve("unpacked.tar");
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            UnpackOptions unpack = new UnpackOptions(bootstrap, blobs, unpacked, UnpackOptions.Form.ARCHIVE);
            new UnpackImage(unpack, ProgressListener.NONE).run();
        }
        int members = 0;
        try (TarReader reader = new TarReader(
                ArchiveInputs.open(FileChannel.open(unpacked), ArchiveLimits.DEFAULT), ArchiveLimits.DEFAULT)) {
            for (var member = reader.next(); member != null; member = reader.next()) {
                assertThat(member.entry().xattrs()).hasSize(30_000);
                members++;
            }
        }
        assertThat(members).isEqualTo(4);
    }

    /** A small bootstrap must not become a large archive. */
    @ParameterizedTest
    @EnumSource(UnpackOptions.Form.class)
    void namesThatShareAnInodeUnsaidAreRefused(UnpackOptions.Form form) throws IOException {
        TestTar tar = new TestTar().pax('x', "SCHILY.xattr.user.a=" + "x".repeat(3000));
        for (int i = 0; i < 100; i++) {
            tar.file("f%02d".formatted(i), "");
        }
        Path images = Files.createDirectory(work.resolve("images"));
        Path bootstrap = Images.build(
                CreateOptions.builder(Files.write(work.resolve("source.tar"), tar.finish()))
                        .type(ConversionType.TAR_RAFS),
                images);
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(bootstrap)).order(ByteOrder.LITTLE_ENDIAN);
        try (Rafs image = Rafs.load(bootstrap, LoadOptions.DEFAULT)) {
            long shared = ino(image, 0);
            for (int i = 1; i < 100; i++) {
                long ino = ino(image, i);
                for (int at = 4096; at + Long.BYTES <= bytes.limit(); at += Integer.BYTES) {
                    // An entry of the directory: its nid, and the type of a regular file.
                    if (bytes.getLong(at) == ino && bytes.get(at + 10) == 1) {
                        bytes.putLong(at, shared);
                    }
                }
            }
        }
        Files.write(bootstrap, bytes.array());
        Path output = work.resolve("output");
        try (DirectoryBackend blobs = new DirectoryBackend(images)) {
            assertThatThrownBy(() -> new UnpackImage(
                                    new UnpackOptions(bootstrap, blobs, output, form), ProgressListener.NONE)
                            .run())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("its names, chunks, xattrs and link targets overlap");
        }
        assertThat(output).doesNotExist();
    }

    private static long ino(Rafs image, int file) throws IOException {
        byte[] path = "/f%02d".formatted(file).getBytes(StandardCharsets.US_ASCII);
        return RafsPaths.inoFromPath(image, path).orElseThrow();
    }
}
