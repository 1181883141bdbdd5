package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.chunk.ChunkInfoLoader;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import io.nydus4j.blob.zran.ZranContext;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BackendException;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.device.BlobDevice;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads images that refer to gzip archives, and counts what a read costs. */
final class GzipReferenceReadTest {
    private static final int FILES = 5;
    private static final int FILE_SIZE = 3 << 20;
    private static final int READ_SIZE = 4096;

    @TempDir
    private Path work;

    private Path image = Path.of("/");
    private byte[][] contents = {};

    private static byte[] text(int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            boolean repeat = i > 5000 && random.nextInt(4) != 0;
            data[i] = repeat ? data[i - 1 - random.nextInt(2) * 4000] : (byte) random.nextInt(256);
        }
        return data;
    }

    /** Builds an image of some files, of which some repeat others. */
    @BeforeEach
    void build() throws IOException, InterruptedException {
        Path tree = Files.createDirectory(work.resolve("tree"));
        contents = new byte[FILES][];
        for (int i = 0; i < FILES; i++) {
            contents[i] = text(FILE_SIZE, i);
            Files.write(tree.resolve("file" + i), contents[i]);
        }
        Path archive = work.resolve("layer.tar.gz");
        Root.run("tar", "-C", tree.toString(), "-czf", archive.toString(), ".");
        image = Files.createDirectory(work.resolve("image"));
        BuildResult result = create(archive, image);
        Files.move(archive, image.resolve(result.blobs().getFirst()));
    }

    private static BuildResult create(Path archive, Path output) throws IOException {
        CreateOptions options = CreateOptions.builder(archive)
                .type(ConversionType.TARGZ_REF)
                .chunkSize(1 << 16)
                .blobDirectory(output)
                .bootstrapFile(output.resolve("boot"))
                .build();
        return new CreateImage(options, ProgressListener.NONE).run();
    }

    private record Request(String blobId, long offset, int length) {}

    /** Notes what is asked of a directory of blobs. */
    private static final class CountingBackend implements BlobBackend {
        private final DirectoryBackend blobs;
        private final List<Request> requests = new ArrayList<>();

        CountingBackend(Path directory) {
            blobs = new DirectoryBackend(directory);
        }

        @Override
        public String description() {
            return blobs.description();
        }

        @Override
        public PositionalSource open(String blobId) throws BackendException {
            PositionalSource source = blobs.open(blobId);
            return new PositionalSource() {
                @Override
                public long size() throws IOException {
                    return source.size();
                }

                @Override
                public int readAt(long position, ByteBuffer target) throws IOException {
                    synchronized (requests) {
                        requests.add(new Request(blobId, position, target.remaining()));
                    }
                    return source.readAt(position, target);
                }
            };
        }

        @Override
        public void close() {
            blobs.close();
        }
    }

    @Test
    void readOfOneBlockDecompressesOneContext() throws IOException {
        SplittableRandom random = new SplittableRandom(7);
        try (Bootstrap bootstrap = Rafs.load(image.resolve("boot"), LoadOptions.DEFAULT);
                CountingBackend backend = new CountingBackend(image)) {
            BlobInfo info = bootstrap.blobs().getFirst();
            ChunkInfoTable table = ChunkInfoLoader.load(info, backend.open(info.metaId()));
            assertThat(table.contextCount()).isGreaterThan(4);
            for (int round = 0; round < 20; round++) {
                int file = random.nextInt(FILES);
                int offset = random.nextInt(FILE_SIZE / READ_SIZE) * READ_SIZE;
                checkRead(bootstrap, backend, table, file, offset, work.resolve("cache" + round));
            }
        }
    }

    private void checkRead(
            Bootstrap bootstrap, CountingBackend backend, ChunkInfoTable table, int file, int offset, Path cache)
            throws IOException {
        String what = "file %d at %d".formatted(file, offset);
        Inode inode =
                Objects.requireNonNull(bootstrap.root().child(("file" + file).getBytes(StandardCharsets.US_ASCII)));
        int chunk = offset / (1 << 16);
        long start = inode.chunkBlobOffset(chunk) + offset % (1 << 16);
        String configuration =
                "{\"version\":2,\"id\":\"test\",\"backend\":{\"type\":\"localfs\",\"localfs\":{\"dir\":\""
                        + image + "\"}},\"cache\":{\"type\":\"filecache\",\"filecache\":{\"work_dir\":\"" + cache
                        + "\"}},\"rafs\":{\"mode\":\"direct\",\"batch_size\":0}}";
        try (BlobDevice device = BlobDevice.open(bootstrap, StorageConfiguration.parse(configuration), backend)) {
            LazyBlob blob = device.blob(0);
            backend.requests.clear();
            ByteBuffer target = ByteBuffer.allocate(READ_SIZE);
            blob.read(start, target);
            assertThat(target.array())
                    .as(what)
                    .isEqualTo(Arrays.copyOfRange(contents[file], offset, offset + READ_SIZE));
            ZranContext context =
                    table.zran(table.contextIndex(inode.chunk(chunk).index()));
            String data = bootstrap.blobs().getFirst().effectiveId();
            List<Request> requests = backend.requests.stream()
                    .filter(request -> request.blobId.equals(data))
                    .toList();
            assertThat(requests)
                    .as(what)
                    .containsExactly(new Request(data, context.compressedOffset(), context.compressedSize()));
            blob.read(start, target.clear());
            assertThat(backend.requests).as(what + ", again").containsExactlyElementsOf(requests);
        }
    }
}
