package io.nydus4j.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.build.write.OutputFile;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.load.LoadOptions;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.device.BlobDevice;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that several threads read are written in order. */
@Timeout(60)
final class OrderedOutputTest {
    private static final int FILES = 40;

    @TempDir
    private Path work;

    private final byte[][] contents = new byte[FILES][];
    private Path blobs;
    private BuildResult built;

    @BeforeEach
    void build() throws IOException {
        Random random = new Random(4);
        Path source = Files.createDirectory(work.resolve("source"));
        for (int i = 0; i < FILES; i++) {
            contents[i] = new byte[i % 4 == 0 ? random.nextInt(3 << 20) : random.nextInt(5000)];
            random.nextBytes(contents[i]);
            Files.write(source.resolve("f" + i), contents[i]);
        }
        blobs = Files.createDirectory(work.resolve("blobs"));
        built = new CreateImage(
                        CreateOptions.builder(source)
                                .blobDirectory(blobs)
                                .chunkSize(0x10000)
                                .threads(2)
                                .build(),
                        ProgressListener.NONE)
                .run();
    }

    private static byte[] header(int number) {
        return ("header of " + number + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    private void write(int threads) throws IOException {
        try (BlobBackend backend = new DirectoryBackend(blobs);
                Rafs image = Rafs.load(built.bootstrap().orElseThrow(), LoadOptions.DEFAULT);
                BlobDevice data = BlobDevice.open(image, backend);
                OutputFile file = OutputFile.at(work.resolve("output"));
                OrderedOutput output = new OrderedOutput(file, data, threads, _ -> {})) {
            for (int i = 0; i < FILES; i++) {
                output.write(MemorySegment.ofArray(header(i)));
                Inode inode = image.root().child(("f" + i).getBytes(StandardCharsets.US_ASCII));
                output.data(Objects.requireNonNull(inode));
            }
            output.flush();
            file.sync();
            file.commit();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void filesAndBytesStayInOrder(int threads) throws IOException {
        write(threads);
        ByteArrayOutputStream expected = new ByteArrayOutputStream();
        for (int i = 0; i < FILES; i++) {
            expected.writeBytes(header(i));
            expected.writeBytes(contents[i]);
        }
        assertThat(Files.readAllBytes(work.resolve("output"))).isEqualTo(expected.toByteArray());
    }

    @Test
    void damagedDataEndsIt() throws IOException {
        Path blob = blobs.resolve(built.blobs().getFirst());
        try (RandomAccessFile file = new RandomAccessFile(blob.toFile(), "rw")) {
            file.seek(5_000_000);
            file.write(new byte[1000]);
        }
        assertThatThrownBy(() -> write(2)).isInstanceOf(IOException.class).hasMessageContaining("chunk");
        assertThat(Files.exists(work.resolve("output"))).isFalse();
    }
}
