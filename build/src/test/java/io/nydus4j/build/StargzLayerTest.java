package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.build.stargz.StargzSource;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Builds images from layers that other writers made, and reads the layers through them: they must be the archive they were made of. */
final class StargzLayerTest {
    /** A layer and what it was made with. */
    private record Layer(Path file, int chunkSize, Compression compression) {
        @Override
        public String toString() {
            return String.valueOf(file.getFileName());
        }
    }

    private static final Layer GOLDEN =
            new Layer(GoldenImage.root().resolve("estargz/layer.esgz"), 0x4000, Compression.GZIP);

    @TempDir
    private static Path tree;

    @TempDir
    private Path work;

    @BeforeAll
    static void unpackTree() throws IOException, InterruptedException {
        Root.require();
        Root.extract(GoldenImage.root().resolve("tree.tar"), tree);
    }

    static Stream<Arguments> layers() {
        Path folder = GoldenImage.root().resolveSibling("stargz");
        return Stream.of(
                        GOLDEN,
                        new Layer(folder.resolve("tree-4k.esgz"), 0x1000, Compression.GZIP),
                        new Layer(folder.resolve("tree-16k.zst"), 0x4000, Compression.ZSTD))
                .flatMap(layer -> Stream.of(RafsVersion.values()).map(version -> Arguments.of(layer, version)));
    }

    private static CreateOptions.Builder options(Path source, Layer layer, RafsVersion version, Path boot) {
        return CreateOptions.builder(source)
                .type(ConversionType.ESTARGZTOC_REF)
                .version(version)
                .chunkSize(layer.chunkSize)
                .bootstrapFile(boot);
    }

    private Path build(Layer layer, RafsVersion version) throws IOException {
        Path boot = work.resolve("boot");
        CreateOptions options = options(layer.file, layer, version, boot).build();
        BuildResult result = new CreateImage(options, ProgressListener.NONE).run();
        Digest digest = new Sha256().digest(MemorySegment.ofArray(Files.readAllBytes(layer.file)));
        assertThat(result.blobs()).containsExactly(digest.toString());
        assertThat(result.compression()).isEqualTo(layer.compression);
        Path blobs = Files.createDirectory(work.resolve("blobs"));
        Files.copy(layer.file, blobs.resolve(digest.toString()));
        return boot;
    }

    /** A table of contents tells no times that an image takes over. */
    private static List<String> withoutTimes(List<String> listing) {
        return listing.stream()
                .map(line -> line.replaceFirst(" time [-0-9.]+", ""))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("layers")
    void imageOfALayerIsTheArchive(Layer layer, RafsVersion version) throws IOException {
        Path boot = build(layer, version);
        try (Rafs image = Rafs.load(boot, LoadOptions.DEFAULT);
                DirectoryBackend blobs = new DirectoryBackend(work.resolve("blobs"))) {
            assertThat(withoutTimes(Listing.ofImage(image, blobs))).isEqualTo(withoutTimes(Listing.ofDirectory(tree)));
            CheckOptions check = new CheckOptions(boot, Optional.of(blobs), true, 2);
            BlobInfo blob = image.blobs().getFirst();
            assertThat(new CheckImage(check, ProgressListener.NONE).run().verifiedChunks())
                    .isEqualTo(blob.chunkCount());
        }
    }

    @ParameterizedTest
    @MethodSource("layers")
    void layerIsReadLazily(Layer layer, RafsVersion version) throws IOException {
        Path boot = build(layer, version);
        CacheConfiguration plain = inFiles("plain", false);
        for (CacheConfiguration cache : List.of(plain, plain, inFiles("stored", true), CacheConfiguration.none())) {
            String blobs = work.resolve("blobs").toString();
            StorageConfiguration configuration =
                    StorageConfiguration.of(new LocalFsSettings("", blobs, List.of()), cache);
            try (Rafs image = Rafs.load(boot, LoadOptions.DEFAULT);
                    BlobDevice device = BlobDevice.open(image, configuration)) {
                for (Map.Entry<String, Inode> file : regularFiles(image).entrySet()) {
                    byte[] content =
                            Files.readAllBytes(tree.resolve(file.getKey().substring(1)));
                    ByteBuffer buffer = ByteBuffer.allocate(content.length + 10);
                    device.read(file.getValue(), 0, buffer);
                    assertThat(buffer.flip()).as(file.getKey()).isEqualTo(ByteBuffer.wrap(content));
                }
            }
        }
    }

    private CacheConfiguration inFiles(String folder, boolean compressed) {
        return new CacheConfiguration(
                "filecache",
                compressed,
                false,
                PrefetchConfiguration.ABSENT,
                Optional.of(FileCacheSettings.in(work.resolve(folder).toString())),
                Optional.empty());
    }

    private static Map<String, Inode> regularFiles(Rafs image) throws IOException {
        Map<String, Inode> files = new HashMap<>();
        BootstrapWalk.walkDirectory(image, image.rootIno(), Optional.empty(), (inode, walk) -> {
            String path = new String(walk.path(), StandardCharsets.UTF_8);
            if (inode.isRegular()) {
                files.put(path, inode);
            }
            return true;
        });
        assertThat(files).hasSizeGreaterThan(700);
        return files;
    }

    @Test
    void textGivesTheSameImageAsItsLayer() throws IOException {
        Path fromLayer = build(GOLDEN, RafsVersion.V6);
        Path fromText = work.resolve("boot-text");
        long dataSize;
        try (StargzSource source = StargzSource.open(GOLDEN.file)) {
            dataSize = source.layer().orElseThrow().dataSize();
        }
        Path text = GoldenImage.root().resolve("estargz/stargz.index.json");
        String id = new Sha256()
                .digest(MemorySegment.ofArray(Files.readAllBytes(GOLDEN.file)))
                .toString();
        CreateOptions options = options(text, GOLDEN, RafsVersion.V6, fromText)
                .blobId(id)
                .blobDataSize(dataSize)
                .build();
        new CreateImage(options, ProgressListener.NONE).run();
        assertThat(fromText).hasSameBinaryContentAs(fromLayer);
    }

    @ParameterizedTest
    @MethodSource("layers")
    void damagedChunkIsNotRead(Layer layer, RafsVersion version) throws IOException {
        Path boot = build(layer, version);
        try (Rafs image = Rafs.load(boot, LoadOptions.DEFAULT)) {
            Path blob = work.resolve("blobs").resolve(image.blobs().getFirst().id());
            Files.setPosixFilePermissions(blob, PosixFilePermissions.fromString("rw-------"));
            try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
                long place = file.length() / 3;
                file.seek(place);
                byte[] noise = new byte[2000];
                file.readFully(noise);
                for (int i = 0; i < noise.length; i++) {
                    noise[i] ^= (byte) (i + 1);
                }
                file.seek(place);
                file.write(noise);
            }
            try (DirectoryBackend blobs = new DirectoryBackend(work.resolve("blobs"))) {
                CheckOptions check = new CheckOptions(boot, Optional.of(blobs), true, 2);
                assertThatThrownBy(() -> new CheckImage(check, ProgressListener.NONE).run())
                        .isInstanceOf(IOException.class);
            }
        }
    }

    @Test
    void chunkSizeOfAnotherLayerIsRefused() {
        CreateOptions options = options(GOLDEN.file, GOLDEN, RafsVersion.V6, work.resolve("boot"))
                .chunkSize(0x40_0000)
                .build();
        assertThatThrownBy(() -> new CreateImage(options, ProgressListener.NONE).run())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("stargz first chunk size is not 0x400000, but 0x4000");
        assertThat(work).isEmptyDirectory();
    }
}
