package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.GoldenImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds the images that refer to archives and compares them with the reference's. */
final class ReferenceImageTest {
    private static final String META_BLOB = "cb2115f4ae76e1cd094f9c0adcedbef0191da5100f70e3cdf637e55c47b1fbe2";

    @TempDir
    private Path output;

    private CreateOptions.Builder options(ConversionType type, Path source) {
        return CreateOptions.builder(source).type(type).blobDirectory(output).bootstrapFile(output.resolve("boot"));
    }

    private static BuildResult build(CreateOptions.Builder options) throws IOException {
        return new CreateImage(options.build(), ProgressListener.NONE).run();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void gzipReferenceHasTheReferencesBytes(int threads) throws IOException {
        Path golden = GoldenImage.root().resolve("targz-ref");
        Path source = GoldenImage.root().resolve("tree.tar.gz");
        BuildResult result = build(
                options(ConversionType.TARGZ_REF, source).chunkSize(0x4000).threads(threads));
        assertThat(output.toFile().list()).containsExactlyInAnyOrder("boot", META_BLOB);
        assertThat(output.resolve(META_BLOB)).hasSameBinaryContentAs(golden.resolve(META_BLOB));
        assertThat(output.resolve("boot")).hasSameBinaryContentAs(golden.resolve("boot"));
        assertThat(result.blobs())
                .isEqualTo(List.of("a8d4028a50e9f8c301e412f34bfe6e787d9e04190d36d55f12de3a17cfd129cd"));
        assertThat(result.trace().registeredEvents())
                .containsAllEntriesOf(Map.of(
                        "blob_uncompressed_size", 540973L, "dedup_chunks", 9L, "dedup_uncompressed_size", 101926L));
    }

    @Test
    void tarfsHasTheReferencesBytesButForTheLinkThatItBreaks() throws IOException {
        Path golden = GoldenImage.root().resolve("tar-tarfs");
        BuildResult result =
                build(options(ConversionType.TAR_TARFS, GoldenImage.root().resolve("tree.tar")));
        assertThat(output.toFile().list()).containsExactly("boot");
        assertThat(result.blobs())
                .isEqualTo(List.of("aafba79e75ed20b58ae349c9f15e94aa48f315df9a71c340240864f0f1980ecf"));
        byte[] expected = Files.readAllBytes(golden.resolve("boot"));
        byte[] found = Files.readAllBytes(output.resolve("boot"));
        assertThat(found).hasSameSizeAs(expected);
        assertThat(TarfsLink.blank(found)).isEqualTo(TarfsLink.blank(expected));
    }

    @Test
    void optionsThatATypeCannotHaveAreRefused() {
        Path source = GoldenImage.root().resolve("tree.tar");
        assertThatThrownBy(() -> build(options(ConversionType.TARGZ_REF, source).blobId("abc")))
                .hasMessage("conversion type 'targz-ref' conflicts with '--blob-id'");
        assertThatThrownBy(() -> build(options(ConversionType.TAR_TARFS, source).blobFile(output.resolve("b"))))
                .hasMessage("conversion type 'tar-tarfs' conflicts with '--blob'");
    }

    /** As of a layer that makes a directory or removes files. */
    @ParameterizedTest
    @CsvSource({"TARGZ_REF, -cf", "TARGZ_REF, -czf", "ESTARGZ_REF, -czf"})
    void resultNamesAnArchiveWhoseFilesHaveNoDataThoughTheImageDoesNot(ConversionType type, String compression)
            throws IOException, InterruptedException {
        Path tree = Files.createDirectories(output.resolve("tree/sub")).getParent();
        Path archive = output.resolve("layer");
        Root.run("tar", "-C", tree.toString(), compression, archive.toString(), "sub");
        BuildResult result = new CreateImage(
                        CreateOptions.builder(archive)
                                .type(type)
                                .inlineMeta(true)
                                .blobFile(output.resolve("blob"))
                                .build(),
                        ProgressListener.NONE)
                .run();
        String digest = Root.run("sha256sum", archive.toString()).substring(0, 64);
        assertThat(result.blobs()).containsExactly(digest);
        assertThat(result.lastBlobSize()).isEqualTo(Files.size(archive));
    }

    private CheckResult check(Path archive, BuildResult result) throws IOException {
        Files.copy(archive, output.resolve(result.blobs().getFirst()));
        try (DirectoryBackend blobs = new DirectoryBackend(output)) {
            return new CheckImage(
                            new CheckOptions(output.resolve("boot"), Optional.of(blobs), true, 2),
                            ProgressListener.NONE)
                    .run();
        }
    }

    @ParameterizedTest
    @CsvSource({"targz-ref, tree.tar.gz", "targz-ref, tree.tar", "estargz-ref, tree.tar.gz", "tar-tarfs, tree.tar"})
    void everyChunkIsFoundInTheArchive(String type, String name) throws IOException {
        Path archive = GoldenImage.root().resolve(name);
        BuildResult result = build(
                options(ConversionType.ofText(type).orElseThrow(), archive).chunkSize(0x1000));
        assertThat(check(archive, result).verifiedBytes()).isGreaterThan(400_000);
    }

    @Test
    void archiveThatIsCutOffIsFound() throws IOException {
        Path archive = GoldenImage.root().resolve("tree.tar");
        BuildResult result = build(options(ConversionType.TAR_TARFS, archive));
        byte[] bytes = Files.readAllBytes(archive);
        Path cut = Files.write(output.resolve("cut"), Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> check(cut, result)).isInstanceOf(IOException.class);
    }

    /** The reference makes more contexts than chunks of this, which its loader does not allow. */
    @Test
    void archiveOfRepeatedFilesGetsNoMoreContextsThanChunks() throws IOException, InterruptedException {
        Path tree = Files.createDirectory(output.resolve("tree"));
        byte[] content = new byte[1 << 18];
        new SplittableRandom(1).nextBytes(content);
        for (int i = 0; i < 60; i++) {
            Files.write(tree.resolve("copy" + i), content);
        }
        Path archive = output.resolve("layer.tar.gz");
        Root.run("tar", "-C", tree.toString(), "-czf", archive.toString(), ".");
        BuildResult result = build(options(ConversionType.TARGZ_REF, archive).chunkSize(1 << 16));
        assertThat(check(archive, result).verifiedChunks()).isEqualTo(4);
    }
}
