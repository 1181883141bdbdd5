package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Builds the archives that the reference's images were built from, and compares whole files. */
final class CreateGoldenArchiveTest {
    @TempDir
    private Path output;

    private void assertFilesEqual(String name) throws IOException {
        assertThat(output.toFile().list()).containsExactlyInAnyOrderElementsOf(Images.assertHasGolden(name, output));
    }

    @ParameterizedTest
    @CsvSource({
        "tar-v5-lz4, 1",
        "tar-v5-lz4, 2",
        "tar-v5-lz4, 8",
        "tar-v6-zstd, 1",
        "tar-v6-zstd, 2",
        "tar-v6-zstd, 8",
        "targz-v6-zstd, 1",
        "targz-v6-zstd, 2",
        "targz-v6-zstd, 8",
        "upper-v5, 1",
        "upper-v5, 2",
        "upper-v5, 8",
        "upper-v6, 1",
        "upper-v6, 2",
        "upper-v6, 8",
        "dict-v6, 1",
        "dict-v6, 8",
        "dict-hit-v5, 1",
        "dict-hit-v5, 2",
        "dict-hit-v5, 8",
        "dict-hit-v6, 1",
        "dict-hit-v6, 2",
        "dict-hit-v6, 8",
    })
    void imageIsTheReferencesByteForByte(String name, int threads) throws IOException {
        GoldenArguments arguments = GoldenArguments.read(name);
        BuildResult result =
                new CreateImage(arguments.options(arguments.archive(), output, threads), ProgressListener.NONE).run();
        assertFilesEqual(name);
        String expected = Files.readString(GoldenImage.root().resolve(name).resolve("output.json"));
        assertThat(BuildEvents.of(result.toJson("reference"))).isEqualTo(BuildEvents.of(expected));
    }

    @ParameterizedTest
    @ValueSource(strings = {"tar-v5-lz4", "targz-v6-zstd"})
    void imageOfAPipeIsTheSame(String name) throws Exception {
        Path pipe = output.resolve("pipe");
        Root.run("mkfifo", pipe.toString());
        GoldenArguments arguments = GoldenArguments.read(name);
        try (ExecutorService writer = Executors.newSingleThreadExecutor()) {
            Future<?> written = writer.submit(() -> {
                try (OutputStream out = Files.newOutputStream(pipe)) {
                    return Files.copy(arguments.archive(), out);
                }
            });
            new CreateImage(arguments.options(pipe, output, 2), ProgressListener.NONE).run();
            written.get();
        }
        Files.delete(pipe);
        assertFilesEqual(name);
    }
}
