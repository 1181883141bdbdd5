package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that read and verify all data, on every form in which images store it. */
final class CheckDataTest {
    @TempDir
    Path folder;

    private static CheckResult check(Path bootstrap) throws IOException {
        try (BlobBackend blobs = Images.localBackend(bootstrap.getParent())) {
            return new CheckImage(new CheckOptions(bootstrap, Optional.of(blobs), true, 3), ProgressListener.NONE)
                    .run();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "v6-zstd-4k",
                "v6-lz4-4k",
                "v6-none-4k",
                "v6-sha256",
                "v6-batch",
                "v6-encrypt",
                "v6-toc",
                "targz-ref",
                "merge-v6",
                "dict-hit-v6",
                "v5-lz4-4k",
                "v5-none-sha256",
                "v5-zstd-aligned",
                "merge-v5",
                "dict-hit-v5"
            })
    void readsEveryChunkAndSeesADamagedOne(String image) throws IOException {
        Path bootstrap = Images.copyGolden(image, folder.resolve("image"));
        CheckResult result = check(bootstrap);
        assertThat(result.verifiedChunks()).isPositive();
        assertThat(result.verifiedBytes()).isPositive();
        BlobInfo blob;
        try (Rafs rafs = Rafs.load(bootstrap, LoadOptions.DEFAULT)) {
            blob = rafs.blobs().getLast();
        }
        Path data = bootstrap.resolveSibling(blob.effectiveId());
        byte[] bytes = Files.readAllBytes(data);
        // Near the start lies the data of the first chunk, in an archive behind its first header.
        bytes[image.equals("targz-ref") ? bytes.length / 2 : 20] ^= 0x55;
        Files.write(data, bytes);
        assertThatThrownBy(() -> check(bootstrap)).isInstanceOf(IOException.class);
    }

    @Test
    void needsTheBlobs() throws IOException {
        Path bootstrap = Images.copyGolden("v6-zstd-4k", folder.resolve("image"));
        CheckOptions options = new CheckOptions(bootstrap, Optional.empty(), true, 1);
        assertThatThrownBy(() -> new CheckImage(options, ProgressListener.NONE).run())
                .hasMessage("verifying data needs a place where the blobs are");
    }
}
