package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.GoldenImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Merges the layers that the reference's images were merged from, and compares whole files. */
final class MergeGoldenImageTest {
    private static final Pattern BLOB_ID = Pattern.compile("\"([0-9a-f]{64})\"");

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({
        "merge-v5, tar-v5-lz4, upper-v5, 1",
        "merge-v5, tar-v5-lz4, upper-v5, 2",
        "merge-v5, tar-v5-lz4, upper-v5, 8",
        "merge-v6, tar-v6-zstd, upper-v6, 1",
        "merge-v6, tar-v6-zstd, upper-v6, 2",
        "merge-v6, tar-v6-zstd, upper-v6, 8"
    })
    void imageIsTheReferencesByteForByte(String name, String lower, String upper, int threads) throws IOException {
        List<Path> sources = List.of(namedByBlob(lower), namedByBlob(upper));
        Path output = folder.resolve("boot");
        MergeOptions options = MergeOptions.builder(sources, new OutputPlace.OutputFile(output))
                .threads(threads)
                .build();

        BuildResult result = new MergeImages(options, ProgressListener.NONE).run();

        assertThat(output)
                .hasSameBinaryContentAs(GoldenImage.root().resolve(name).resolve("boot"));
        assertThat(result.blobs()).isEqualTo(blobs(name));
    }

    private Path namedByBlob(String image) throws IOException {
        return Files.copy(
                GoldenImage.root().resolve(image).resolve("boot"),
                folder.resolve(blobs(image).getFirst()));
    }

    private static List<String> blobs(String image) throws IOException {
        List<String> ids = new ArrayList<>();
        Matcher matcher = BLOB_ID.matcher(
                Files.readString(GoldenImage.root().resolve(image).resolve("output.json")));
        while (matcher.find()) {
            ids.add(matcher.group(1));
        }
        return ids;
    }
}
