package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What images may say of the same blob, rightly or not. */
final class RecordIndexTest {
    private static final int SIZE = 1000;

    private static BlobInfo blob(int features) {
        return BlobInfo.builder()
                .id(new Digest(1, 2, 3, 4).toString())
                .chunkSize(1 << 20)
                .chunkCount(8)
                .features(new BlobFeatures(features))
                .compressedSize(1 << 20)
                .uncompressedSize(1 << 20)
                .build();
    }

    private static ChunkRecord chunk(int index, long offset) {
        Digest digest = new Digest(index, 1, 2, 3);
        return new ChunkRecord(digest, 0, 0, SIZE, SIZE, (long) index * SIZE, offset, 0, index, 0);
    }

    /** Reading a chunk puts zeros behind it again, which must not be other chunks. */
    @Test
    void chunkBehindAnotherStaysThoughAnImageSaysThatChunksStartAtWholeBlocks(@TempDir Path folder) throws Exception {
        byte[] content = new byte[4 * SIZE];
        new Random(5).nextBytes(content);
        Path file = Files.write(folder.resolve("data"), content);
        BlobInfo blob = blob(BlobFeatures.ALIGNED);
        RecordIndex index = RecordIndex.of(blob, List.of(chunk(0, 0), chunk(1, SIZE)));
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
        PlainChunkFile data = new PlainChunkFile(channel, content.length);
        try (DecodeWorker worker = new DecodeWorker(blob)) {
            assertThat(data.read(index, 0, worker).byteSize()).isEqualTo(SIZE);
        }
        data.close();
        assertThat(Files.readAllBytes(file)).isEqualTo(content);
        assertThat(index.covers(2 * SIZE, 2 * SIZE + 1)).as("a hole").isFalse();
    }

    @Test
    void chunksAtWholeBlocksMayBePadded() throws IOException {
        BlobInfo blob = blob(BlobFeatures.ALIGNED);
        RecordIndex index = RecordIndex.of(blob, List.of(chunk(0, 0), chunk(1, 4096)));
        assertThat(index.padded()).isTrue();
        assertThat(RecordIndex.of(blob(0), List.of(chunk(0, 0))).padded()).isFalse();
        assertThat(index.merge(RecordIndex.of(blob, List.of(chunk(2, 8192)))).padded())
                .isTrue();
        assertThat(index.merge(RecordIndex.of(blob(0), List.of())).padded()).isTrue();
    }

    @Test
    void imageThatDisagreesOnWhereChunksStartIsRefused() throws IOException {
        RecordIndex index = RecordIndex.of(blob(BlobFeatures.ALIGNED), List.of(chunk(0, 0)));
        RecordIndex other = RecordIndex.of(blob(BlobFeatures.ALIGNED), List.of(chunk(0, 0), chunk(1, SIZE)));
        assertThatThrownBy(() -> index.merge(other)).hasMessageContaining("where chunks may start");
    }
}
