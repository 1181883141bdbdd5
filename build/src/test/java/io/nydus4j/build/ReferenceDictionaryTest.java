package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.RafsVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Builds with dictionaries that the reference's {@code chunkdict generate} made; testdata/README.md says of what. */
final class ReferenceDictionaryTest {
    private static final Path GOLDEN = Path.of(System.getProperty("nydus4j.testdata"), "chunkdict");
    private static final FileTime TIME = FileTime.fromMillis(1_700_000_000_000L);

    @TempDir
    Path folder;

    @BeforeAll
    static void requireRoot() throws IOException {
        Root.require();
    }

    private Path create(RafsVersion version, String dictionary) throws IOException {
        Path source = Files.createDirectory(folder.resolve("source"));
        write(source.resolve("common"), 2_200_000, 0);
        write(source.resolve("own"), 3000, 3);
        Files.setLastModifiedTime(source, TIME);
        Path boot = folder.resolve("boot");
        new CreateImage(
                        CreateOptions.builder(source)
                                .version(version)
                                .compression(Compression.NONE)
                                .blobDirectory(Files.createDirectory(folder.resolve("blobs")))
                                .bootstrapFile(boot)
                                .chunkDictionary(GOLDEN.resolve(dictionary))
                                .build(),
                        ProgressListener.NONE)
                .run();
        return boot;
    }

    private static void write(Path file, int size, int seed) throws IOException {
        byte[] data = new byte[size];
        new Random(seed).nextBytes(data);
        Files.write(file, data);
        Files.setLastModifiedTime(file, TIME);
    }

    @ParameterizedTest
    @CsvSource({"V5, dict-v5, image-dict-v5", "V5, empty-v5, image-empty-v5", "V6, empty-v6, image-empty-v6"})
    void givesTheBootstrapOfTheReference(RafsVersion version, String dictionary, String image) throws IOException {
        assertThat(create(version, dictionary)).hasSameBinaryContentAs(GOLDEN.resolve(image));
    }

    @Test
    void refusesDictionariesOfWrongSizesWhoseChunksNobodyCouldRead() {
        assertThatThrownBy(() -> create(RafsVersion.V6, "dict-v6"))
                .hasCauseInstanceOf(RafsFormatException.class)
                .hasRootCauseMessage(
                        "chunk record at offset 16864: the chunk ends past its blob 0 or is larger than the image's"
                                + " chunks: 3000 bytes at 2203648, stored 3000 at 2200000");
    }
}
