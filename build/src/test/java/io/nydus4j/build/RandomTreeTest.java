package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.build.layer.WhiteoutSpec;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Builds random trees and gets them back: out of the image, and out of the archive that the image is unpacked to. */
final class RandomTreeTest {
    @TempDir
    private Path work;

    @BeforeAll
    static void requireRoot() throws IOException {
        Root.require();
    }

    static LongStream seeds() {
        return new Random().longs(12);
    }

    private static CreateOptions options(long seed, Path source, Path output, int threads) {
        Random random = new Random(seed);
        boolean v6 = random.nextBoolean();
        int chunkSize = 0x1000 << random.nextInt(5);
        Compression[] compressions = {Compression.NONE, Compression.LZ4_BLOCK, Compression.ZSTD};
        return CreateOptions.builder(source)
                .version(v6 ? RafsVersion.V6 : RafsVersion.V5)
                .chunkSize(chunkSize)
                .batchSize(v6 && random.nextBoolean() ? Math.min(chunkSize, 0x1000 << random.nextInt(5)) : 0)
                .compression(compressions[random.nextInt(3)])
                .digestAlgorithm(random.nextBoolean() ? DigestAlgorithm.BLAKE3 : DigestAlgorithm.SHA256)
                .blobToc(v6 && random.nextBoolean())
                .alignedChunks(random.nextBoolean())
                .whiteoutSpec(WhiteoutSpec.NONE)
                .blobDirectory(output)
                .bootstrapFile(output.resolve("boot"))
                .threads(threads)
                .build();
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void treeComesBackFromItsImageAndItsArchive(long seed) throws IOException, InterruptedException {
        Path source = Files.createDirectory(work.resolve("source"));
        RandomTree.make(seed, source);
        List<String> expected = Listing.ofDirectory(source);
        Path first = Files.createDirectory(work.resolve("first"));
        BuildResult built = new CreateImage(options(seed, source, first, 1), ProgressListener.NONE).run();

        try (DirectoryBackend blobs = new DirectoryBackend(first);
                Rafs image = Rafs.load(built.bootstrap().orElseThrow(), LoadOptions.DEFAULT)) {
            assertSameLines(Listing.ofImage(image, blobs), expected);
            Path archive = work.resolve("archive.tar");
            new UnpackImage(new UnpackOptions(built.bootstrap().orElseThrow(), blobs, archive), ProgressListener.NONE)
                    .run();
            Path extracted = Files.createDirectory(work.resolve("extracted"));
            Root.run("chmod", "--reference=" + source, extracted.toString());
            Root.extract(archive, extracted);
            assertSameLines(Listing.ofDirectory(extracted), expected);

            Path second = Files.createDirectory(work.resolve("second"));
            new CreateImage(options(seed, extracted, second, 8), ProgressListener.NONE).run();
            assertSameFiles(first, second);
        }
    }

    /** Compares, and shows only what differs. */
    private static void assertSameLines(List<String> found, List<String> expected) {
        List<String> surplus = new ArrayList<>(found);
        surplus.removeAll(expected);
        List<String> missing = new ArrayList<>(expected);
        missing.removeAll(found);
        assertThat(surplus).as("instead of %s", missing).isEmpty();
        assertThat(missing).as("missing").isEmpty();
    }

    private static void assertSameFiles(Path expected, Path found) throws IOException {
        assertThat(found.toFile().list())
                .containsExactlyInAnyOrder(expected.toFile().list());
        try (Stream<Path> files = Files.list(expected)) {
            for (Path file : files.toList()) {
                assertThat(found.resolve(String.valueOf(file.getFileName()))).hasSameBinaryContentAs(file);
            }
        }
    }
}
