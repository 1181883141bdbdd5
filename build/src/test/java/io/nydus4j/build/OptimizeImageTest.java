package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.build.AccessedFile.Range;
import io.nydus4j.rafs.RafsPaths;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Optimized images read back: equal to what they were made of, with the listed files in the new blob. */
final class OptimizeImageTest {
    @TempDir
    Path folder;

    private BuildResult optimize(Path bootstrap, List<AccessedFile> files) throws IOException {
        Path blobs = bootstrap.getParent();
        try (DirectoryBackend backend = new DirectoryBackend(blobs)) {
            return new OptimizeImage(
                            new OptimizeOptions(bootstrap, backend, files, folder.resolve("new"), blobs),
                            ProgressListener.NONE)
                    .run();
        }
    }

    private static AccessedFile whole(String path) {
        return new AccessedFile(path.getBytes(StandardCharsets.UTF_8), Optional.empty());
    }

    /** Returns every third regular file that has data. */
    private static List<AccessedFile> someFiles(Map<String, String> content) {
        List<AccessedFile> files = new ArrayList<>();
        int seen = 0;
        for (Map.Entry<String, String> entry : content.entrySet()) {
            if (entry.getValue().startsWith("100") && seen++ % 3 == 0) {
                files.add(new AccessedFile(entry.getKey().getBytes(StandardCharsets.ISO_8859_1), Optional.empty()));
            }
        }
        return files;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "v6-zstd-4k",
                "v6-none-4k",
                "v6-lz4-4k",
                "v6-batch",
                "v6-encrypt",
                "v6-toc",
                "v6-sha256",
                "v6-repeatable",
                "targz-ref",
                "merge-v6",
                "v5-lz4-4k",
                "v5-none-sha256",
                "v5-zstd-aligned",
                "merge-v5"
            })
    void holdsWhatItWasMadeOf(String image) throws IOException {
        Path bootstrap = Images.copyGolden(image, folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        List<AccessedFile> files = someFiles(content);
        BuildResult result = optimize(bootstrap, files);
        assertThat(Images.content(folder.resolve("new"), bootstrap.getParent())).isEqualTo(content);
        try (Rafs rafs = Rafs.load(folder.resolve("new"), LoadOptions.DEFAULT.withValidateDigests(true));
                DirectoryBackend backend = new DirectoryBackend(bootstrap.getParent())) {
            BlobInfo added = rafs.blobs().getLast();
            assertThat(added.effectiveId()).isEqualTo(result.blobs().getLast());
            assertThat(added.chunkCount()).isPositive();
            for (AccessedFile file : files) {
                var inode = RafsPaths.inodeFromPath(rafs, file.path());
                for (int i = 0; i < inode.chunkCount(); i++) {
                    assertThat(inode.chunkBlobIndex(i)).isEqualTo(added.index());
                }
            }
            CheckOptions check = new CheckOptions(folder.resolve("new"), Optional.of(backend), true, 2);
            CheckResult checked = new CheckImage(check, ProgressListener.NONE).run();
            assertThat(checked.verifiedChunks()).isPositive();
        }
    }

    @Test
    void marksTheNewBlob() throws IOException {
        Path bootstrap = Images.copyGolden("v6-zstd-4k", folder.resolve("image"));
        optimize(bootstrap, someFiles(Images.content(bootstrap, bootstrap.getParent())));
        try (Rafs rafs = Rafs.load(folder.resolve("new"), LoadOptions.DEFAULT)) {
            assertThat(rafs.blobs().getLast().features().has(BlobFeatures.IS_SEPARATED_WITH_PREFETCH_FILES))
                    .isTrue();
            assertThat(rafs.blobs().getFirst().features().has(BlobFeatures.IS_SEPARATED_WITH_PREFETCH_FILES))
                    .isFalse();
        }
    }

    @Test
    void copiesOnlyChunksThatARangeTouches() {
        AccessedFile file = new AccessedFile(new byte[] {'/'}, Optional.of(List.of(new Range(4096, 0))));
        assertThat(file.wants(0, 4096)).isTrue();
        assertThat(file.wants(4096, 8192)).isTrue();
        assertThat(file.wants(8192, 12288)).isFalse();
        AccessedFile rest = new AccessedFile(new byte[] {'/'}, Optional.of(List.of(new Range(9000, -1))));
        assertThat(rest.wants(0, 4096)).isFalse();
        assertThat(rest.wants(8192, 9001)).isTrue();
        assertThat(new AccessedFile(new byte[] {'/'}, Optional.of(List.of())).wants(0, 1))
                .isFalse();
    }

    @Test
    void takesAFileThatIsListedTwiceOnce() throws IOException {
        Path bootstrap = Images.copyGolden("v6-zstd-4k", folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        List<AccessedFile> files = new ArrayList<>(someFiles(content));
        BuildResult once = optimize(bootstrap, files);
        files.addAll(List.copyOf(files));
        files.add(whole("/no/such/file"));
        assertThat(optimize(bootstrap, files).blobs()).isEqualTo(once.blobs());
    }

    @Test
    void refusesTarFiles() throws IOException {
        Path bootstrap = Images.copyGolden("tar-tarfs", folder.resolve("image"));
        assertThatThrownBy(() -> optimize(bootstrap, List.of()))
                .hasMessage("an image of tar files cannot have a blob for prefetching");
    }

    @Test
    void leavesNothingBehindWhenABlobIsCut() throws IOException {
        Path bootstrap = Images.copyGolden("v6-zstd-4k", folder.resolve("image"));
        Map<String, String> content = Images.content(bootstrap, bootstrap.getParent());
        String id;
        try (Rafs rafs = Rafs.load(bootstrap, LoadOptions.DEFAULT)) {
            id = rafs.blobs().getFirst().effectiveId();
        }
        Path blob = bootstrap.resolveSibling(id);
        Files.write(blob, Arrays.copyOf(Files.readAllBytes(blob), 300));
        List<Path> before;
        try (Stream<Path> files = Files.walk(folder)) {
            before = files.toList();
        }
        assertThatThrownBy(() -> optimize(bootstrap, someFiles(content))).isInstanceOf(IOException.class);
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files).containsExactlyInAnyOrderElementsOf(before);
        }
    }
}
