package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.CipherAlgorithm;
import io.nydus4j.blob.Compression;
import io.nydus4j.rafs.RafsVersion;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options that exclude each other are refused with the reference's words, where it has some. */
final class CreateOptionsTest {
    private static final Path HERE = Path.of(".");

    private static CreateOptions.Builder valid() {
        return CreateOptions.builder(HERE).blobDirectory(HERE);
    }

    private static void assertRefused(UnaryOperator<CreateOptions.Builder> change, String message) {
        CreateOptions options = change.apply(valid()).build();
        assertThatThrownBy(options::validate)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void defaultsAreValid() {
        assertThatCode(() -> valid().build().validate()).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -4096, 0x800, 0x1001, 0x200_0000})
    void chunkSizeIsAPowerOfTwoInItsRange(int size) {
        assertRefused(options -> options.chunkSize(size), "invalid chunk size: " + size);
    }

    @Test
    void batchesAreForV6AndNotLargerThanChunks() {
        assertRefused(
                options -> options.version(RafsVersion.V5).batchSize(0x1000),
                "`--batch-size` with non-zero value conflicts with `--fs-version 5`");
        assertRefused(options -> options.batchSize(0x1800), "invalid batch size: 6144");
        assertRefused(
                options -> options.chunkSize(0x1000).batchSize(0x2000),
                "batch size 0x2000 is bigger than chunk size 0x1000");
        assertRefused(
                options -> options.type(ConversionType.TAR_TARFS).batchSize(0x1000),
                "unsupported ConversionType for batch chunk: tar-tarfs");
    }

    @Test
    void v5HasNeitherTableOfContentsNorEncryption() {
        assertRefused(
                options -> options.version(RafsVersion.V5).blobToc(true),
                "`--features blob-toc` can't be used with `--version 5`");
        assertRefused(
                options -> options.version(RafsVersion.V5).cipher(CipherAlgorithm.AES_128_XTS),
                "encryption needs RAFS v6");
    }

    @Test
    void blobIdsHaveALimit() {
        assertRefused(options -> options.blobId("i".repeat(256)), "blob id is limited to length 255");
        assertRefused(options -> options.blobId("i".repeat(65)), "blob id is limited to length 64 in RAFS v6");
        assertThatCode(() -> valid().version(RafsVersion.V5)
                        .blobId("i".repeat(255))
                        .build()
                        .validate())
                .doesNotThrowAnyException();
        assertRefused(options -> options.inlineMeta(true).blobId("id"), "cannot have an id");
    }

    @Test
    void outputsMustBeGiven() {
        assertThatThrownBy(() -> CreateOptions.builder(HERE).build().validate())
                .hasMessageStartingWith("both --blob and --blob-dir are missing");
        assertThatThrownBy(
                        () -> CreateOptions.builder(HERE).blobFile(HERE).build().validate())
                .hasMessageStartingWith("both --bootstrap and --blob-dir are missing");
        assertThatCode(() -> CreateOptions.builder(HERE)
                        .blobFile(HERE)
                        .inlineMeta(true)
                        .build()
                        .validate())
                .doesNotThrowAnyException();
    }

    @Test
    void gzipIsForReferencesOnly() {
        assertRefused(options -> options.compression(Compression.GZIP), "gzip is not among the compressors");
        assertRefused(options -> options.threads(0), "invalid number of threads: 0, expected 1 to 1024");
        assertRefused(options -> options.threads(1025), "invalid number of threads: 1025, expected 1 to 1024");
    }
}
