package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Builds images that refer to archives on parents and with chunk dictionaries, and reads them. */
final class ReferOnParentTest {
    private static final Path ESTARGZ = GoldenImage.root().resolve("estargz/layer.esgz");

    @TempDir
    private Path folder;

    private CreateOptions.Builder options(ConversionType type, Path source, String name) {
        CreateOptions.Builder options = CreateOptions.builder(source)
                .type(type)
                .chunkSize(0x4000)
                .bootstrapFile(folder.resolve(name))
                .digestAlgorithm(DigestAlgorithm.SHA256);
        return type == ConversionType.ESTARGZTOC_REF ? options : options.blobDirectory(folder);
    }

    private Path archive(String name) throws IOException {
        return Files.copy(GoldenImage.root().resolve(name), folder.resolve(name));
    }

    /** A layer that lies beside the blobs under the name that images know it by. */
    private BuildResult build(CreateOptions.Builder options) throws IOException {
        CreateOptions built = options.build();
        BuildResult result = new CreateImage(built, ProgressListener.NONE).run();
        Path blob = folder.resolve(result.blobs().getLast());
        if (built.type().isFixed() && !Files.exists(blob)) {
            Files.copy(built.source(), blob);
        }
        return result;
    }

    private Map<String, String> content(BuildResult image) throws IOException {
        return Images.content(image.bootstrap().orElseThrow(), folder);
    }

    @ParameterizedTest
    @CsvSource({
        "TARGZ_REF, tree.tar, upper.tar",
        "TARGZ_REF, tree.tar.gz, upper.tar",
        "ESTARGZ_REF, tree.tar.gz, upper.tar",
        "TAR_RAFS, tree.tar, upper.tar"
    })
    void referenceOnAParentShowsWhatTheMergeOfBothShows(ConversionType type, String lower, String upper)
            throws IOException {
        BuildResult parent = build(options(type, archive(lower), "parent"));
        archive(upper);
        BuildResult child = build(options(ConversionType.TARGZ_REF, folder.resolve(upper), "child")
                .parentBootstrap(parent.bootstrap().orElseThrow()));
        assertThat(child.blobs()).hasSize(2).startsWith(parent.blobs().getFirst());
        Path golden = folder.resolve("golden");
        assertThat(content(child)).isEqualTo(Images.content(Images.copyGolden("merge-v6", golden), golden));
    }

    @ParameterizedTest
    @EnumSource(
            value = ConversionType.class,
            names = {"TARGZ_REF", "TAR_RAFS"})
    void chunksOfTheDictionaryAreNotReferredToAgain(ConversionType type) throws IOException {
        BuildResult dictionary = build(options(type, archive("tree.tar"), "dictionary"));
        BuildResult alone = build(options(ConversionType.TARGZ_REF, archive("tree.tar.gz"), "alone"));
        BuildResult image = build(options(ConversionType.TARGZ_REF, folder.resolve("tree.tar.gz"), "image")
                .chunkDictionary(dictionary.bootstrap().orElseThrow()));
        assertThat(image.blobs()).isEqualTo(dictionary.blobs());
        assertThat(content(image)).isEqualTo(content(alone));
    }

    @ParameterizedTest
    @EnumSource
    void tableOfContentsOnAParentAddsItsLayer(RafsVersion version) throws IOException {
        Path upper = archive("upper.tar");
        BuildResult parent = build(options(ConversionType.TAR_RAFS, upper, "parent")
                .version(version)
                .compression(Compression.NONE));
        BuildResult alone =
                build(options(ConversionType.ESTARGZTOC_REF, ESTARGZ, "alone").version(version));
        BuildResult child = build(options(ConversionType.ESTARGZTOC_REF, ESTARGZ, "child")
                .version(version)
                .parentBootstrap(parent.bootstrap().orElseThrow()));
        assertThat(child.blobs())
                .containsExactly(parent.blobs().getFirst(), alone.blobs().getFirst());
        Map<String, String> seen = content(child);
        content(alone).forEach((path, line) -> {
            if (!path.equals("/")) {
                assertThat(seen).as(path).containsEntry(path, line);
            }
        });
    }

    /** What the layer shares with the dictionary is read from there. */
    @Test
    void tableOfContentsRefersToTheDictionary() throws IOException {
        BuildResult alone = build(options(ConversionType.ESTARGZTOC_REF, ESTARGZ, "alone"));
        BuildResult dictionary = build(options(ConversionType.TARGZ_REF, archive("tree.tar"), "dictionary"));
        BuildResult image = build(options(ConversionType.ESTARGZTOC_REF, ESTARGZ, "image")
                .chunkDictionary(dictionary.bootstrap().orElseThrow()));
        assertThat(image.blobs()).isEqualTo(dictionary.blobs());
        assertThat(content(image)).isEqualTo(content(alone));
    }

    /** Cache files hold the plain data, so that nothing is left to fetch. */
    @Test
    void cacheFilesOfAReferenceHoldItsData() throws IOException {
        Path cache = Files.createDirectory(folder.resolve("cache"));
        BuildResult image = new CreateImage(
                        CreateOptions.builder(archive("tree.tar.gz"))
                                .type(ConversionType.TARGZ_REF)
                                .chunkSize(0x4000)
                                .bootstrapFile(folder.resolve("boot"))
                                .blobCacheDirectory(cache)
                                .build(),
                        ProgressListener.NONE)
                .run();
        try (Rafs rafs = Rafs.load(image.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
            BlobInfo blob = rafs.blobs().getFirst();
            assertThat(cache.resolve(blob.id() + ".blob.data")).hasSize(blob.uncompressedSize());
            assertThat(cache.resolve(blob.id() + ".blob.meta")).exists();
        }
    }

    @Test
    void archivesThatCannotBeReferredToAreNamed() throws IOException {
        byte[] zstd = {0x28, (byte) 0xB5, 0x2F, (byte) 0xFD, 0, 0, 0, 0};
        Path layer = Files.write(folder.resolve("layer"), zstd);
        assertThatThrownBy(() -> build(options(ConversionType.TARGZ_REF, layer, "boot")))
                .hasMessageContaining("is compressed by zstd; expected gzip or plain");
        assertThatThrownBy(() -> build(options(ConversionType.TAR_TARFS, archive("tree.tar.gz"), "boot")))
                .hasMessageContaining("is compressed by gzip; expected plain");
    }
}
