package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.InconsistentImageException;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds small images on parents and with chunk dictionaries: what is stored again, which blobs are listed, what is refused. */
final class CreateOnParentTest {
    @TempDir
    private Path folder;

    private int images;

    private Path source(String... contents) throws IOException {
        Path source = Files.createDirectory(folder.resolve("source" + images++));
        for (String content : contents) {
            Files.writeString(source.resolve(content), content.repeat(1000));
        }
        return source;
    }

    private CreateOptions.Builder options(RafsVersion version, String... contents) throws IOException {
        Path source = source(contents);
        return CreateOptions.builder(source)
                .version(version)
                .chunkSize(0x1000)
                .blobDirectory(folder)
                .bootstrapFile(folder.resolve(source.getFileName() + ".boot"));
    }

    private static BuildResult build(CreateOptions.Builder options) throws IOException {
        return new CreateImage(options.build(), ProgressListener.NONE).run();
    }

    private static List<String> listed(BuildResult result) throws IOException {
        try (Rafs image = Rafs.load(result.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
            return image.blobs().stream().map(BlobInfo::id).toList();
        }
    }

    private List<String> lines(BuildResult result) throws IOException {
        try (DirectoryBackend blobs = new DirectoryBackend(folder);
                Rafs image = Rafs.load(result.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
            return Listing.ofImage(image, blobs);
        }
    }

    @ParameterizedTest
    @CsvSource({"V5, 1", "V5, 8", "V6, 1", "V6, 8"})
    void chunksOfTheParentAreNotStoredAgain(RafsVersion version, int threads) throws IOException {
        BuildResult parent = build(options(version, "a", "b"));
        BuildResult child = build(options(version, "b", "c")
                .parentBootstrap(parent.bootstrap().orElseThrow())
                .threads(threads));

        assertThat(child.blobs()).hasSize(2).startsWith(parent.blobs().getFirst());
        assertThat(listed(child)).isEqualTo(child.blobs());
        assertThat(child.trace().registeredEvents()).containsEntry("blob_uncompressed_size", 1000L);
        assertThat(lines(child)).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource
    void whatTheParentHasAllOfNeedsNoBlob(RafsVersion version) throws IOException {
        BuildResult parent = build(options(version, "a", "b"));
        BuildResult child =
                build(options(version, "b").parentBootstrap(parent.bootstrap().orElseThrow()));

        assertThat(child.blobs()).isEqualTo(parent.blobs());
        assertThat(lines(child)).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource
    void onlyBlobsOfTheDictionaryThatAreUsedAreListed(RafsVersion version) throws IOException {
        BuildResult dictionary = build(options(version, "a", "b"));
        Path path = dictionary.bootstrap().orElseThrow();

        assertThat(build(options(version, "c").chunkDictionary(path)).blobs())
                .hasSize(1)
                .doesNotContainAnyElementsOf(dictionary.blobs());
        BuildResult all = build(options(version, "a").chunkDictionary(path));
        assertThat(all.blobs()).isEqualTo(dictionary.blobs());
        assertThat(lines(all)).hasSize(1);
        BuildResult some = build(options(version, "c", "a").chunkDictionary(path));
        assertThat(some.blobs()).hasSize(2).startsWith(dictionary.blobs().getFirst());
        assertThat(lines(some)).hasSize(2);
    }

    @ParameterizedTest
    @EnumSource
    void blobThatParentAndDictionaryShareIsListedOnce(RafsVersion version) throws IOException {
        BuildResult shared = build(options(version, "a", "b"));
        Path path = shared.bootstrap().orElseThrow();
        BuildResult child =
                build(options(version, "b", "c").parentBootstrap(path).chunkDictionary(path));

        assertThat(child.blobs()).hasSize(2).doesNotHaveDuplicates();
        assertThat(lines(child)).hasSize(3);
    }

    @ParameterizedTest
    @CsvSource({"V5, false", "V6, false", "V6, true"})
    void dictionaryMayBeABlobWithItsMetadata(RafsVersion version, boolean toc) throws IOException {
        BuildResult dictionary = build(CreateOptions.builder(source("a", "b"))
                .version(version)
                .chunkSize(0x1000)
                .blobDirectory(folder)
                .blobToc(toc)
                .inlineMeta(true));
        Path path = folder.resolve(dictionary.blobs().getFirst());
        BuildResult image;
        try (DirectoryBackend blobs = new DirectoryBackend(folder)) {
            image = build(options(version, "b", "c").chunkDictionary(path).blobs(blobs));
        }
        assertThat(image.blobs()).hasSize(2).startsWith(dictionary.blobs().getFirst());
        assertThat(listed(image)).isEqualTo(image.blobs());
        assertThat(image.trace().registeredEvents()).containsEntry("blob_uncompressed_size", 1000L);
        assertThat(lines(image)).hasSize(2);
    }

    @Test
    void dictionaryOfOtherDigestsIsLeftAside() throws IOException {
        BuildResult dictionary = build(options(RafsVersion.V6, "a").digestAlgorithm(DigestAlgorithm.SHA256));
        BuildResult image = build(options(RafsVersion.V6, "a")
                .chunkDictionary(dictionary.bootstrap().orElseThrow()));
        assertThat(image.blobs()).hasSize(1);
        assertThat(image.trace().registeredEvents()).containsEntry("blob_uncompressed_size", 1000L);
    }

    @ParameterizedTest
    @EnumSource
    void refusesWhatDoesNotGoWithTheOptions(RafsVersion version) throws IOException {
        Path other = build(options(version, "a")).bootstrap().orElseThrow();
        for (CreateOptions.Builder options : List.of(
                options(version, "b").chunkSize(0x2000),
                options(version, "b").explicitUidGid(false),
                options(version == RafsVersion.V5 ? RafsVersion.V6 : RafsVersion.V5, "b"))) {
            assertThatThrownBy(() -> build(options.parentBootstrap(other)))
                    .isInstanceOf(InconsistentImageException.class);
        }
        assertThatThrownBy(() -> build(options(version, "b").chunkSize(0x2000).chunkDictionary(other)))
                .isInstanceOf(InconsistentImageException.class)
                .hasMessage("Inconsistent RAFS Filesystem: Inconsistent configuration of chunk_size: 8192 vs 4096");
    }

    @Test
    void refusesChunksThatV5CouldNotDecompress() throws IOException {
        Path zstd = build(options(RafsVersion.V5, "a")).bootstrap().orElseThrow();
        CreateOptions.Builder lz4 = options(RafsVersion.V5, "b").compression(Compression.LZ4_BLOCK);
        assertThatThrownBy(() -> build(lz4.parentBootstrap(zstd))).hasMessageContaining("compressed with zstd");
        assertThatThrownBy(() -> build(options(RafsVersion.V5, "b")
                        .compression(Compression.LZ4_BLOCK)
                        .chunkDictionary(zstd)))
                .rootCause()
                .hasMessageContaining("compressed with zstd");
    }

    /** The reference makes a wrong image of the same archive and parent. */
    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void archiveOnAParentShowsWhatTheMergeOfBothShows(int threads) throws IOException {
        for (String layer : List.of("tar-v6-zstd", "upper-v6")) {
            try (Stream<Path> files = Files.list(GoldenImage.root().resolve(layer))) {
                for (Path blob : files.filter(CreateOnParentTest::isBlob).toList()) {
                    Files.copy(blob, folder.resolve(blob.getFileName()));
                }
            }
        }
        GoldenArguments arguments = GoldenArguments.read("upper-on-v6");
        BuildResult image =
                new CreateImage(arguments.options(arguments.archive(), folder, threads), ProgressListener.NONE).run();

        try (DirectoryBackend blobs = new DirectoryBackend(folder);
                Rafs merged = Rafs.load(GoldenImage.root().resolve("merge-v6").resolve("boot"), LoadOptions.DEFAULT)) {
            assertThat(lines(image)).isEqualTo(Listing.ofImage(merged, blobs));
        }
    }

    private static boolean isBlob(Path file) {
        return String.valueOf(file.getFileName()).matches("[0-9a-f]{64}");
    }

    @Test
    void brokenImagesAreNamed() throws IOException {
        Path broken = Files.writeString(folder.resolve("broken"), "x".repeat(9000));
        assertThatThrownBy(() -> build(options(RafsVersion.V6, "a").parentBootstrap(broken)))
                .hasMessage("load parent bootstrap \"" + broken + "\"");
        assertThatThrownBy(() -> build(options(RafsVersion.V6, "a").chunkDictionary(broken)))
                .hasMessage("failed to open bootstrap file \"" + broken + "\"");
    }
}
