package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.TestBackend;
import io.nydus4j.storage.config.StorageConfiguration;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** A blob of one chunk without a digest, as old stargz layers have them, in a folder. */
public final class DigestlessBlob {
    /** Its id. */
    public static final String ID = new Digest(1, 2, 3, 4).toString();

    /** Its length, in bytes. */
    public static final int SIZE = 64 << 10;

    private final Path folder;
    private final byte[] content = new byte[SIZE];

    /** Makes it in a folder. */
    public DigestlessBlob(Path folder) throws IOException {
        this.folder = folder;
        new Random(11).nextBytes(content);
        Files.write(folder.resolve(ID), content);
    }

    /** Opens it as a new process would, and checks that all of it is read rightly. */
    public void assertReads(StorageConfiguration configuration) throws IOException {
        BlobInfo blob = BlobInfo.builder()
                .id(ID)
                .chunkSize(1 << 20)
                .chunkCount(1)
                .compressedSize(SIZE)
                .uncompressedSize(SIZE)
                .build();
        ChunkRecord chunk = new ChunkRecord(new Digest(0, 0, 0, 0), 0, 0, SIZE, SIZE, 0, 0, 0, 0, 0);
        try (BlobOpener opener = BlobOpener.of(
                        configuration, new TestBackend(folder), new CacheCounters(""), CacheSurroundings.NONE);
                LazyBlob opened = opener.open(blob, () -> List.of(chunk))) {
            ByteBuffer target = ByteBuffer.allocate(SIZE);
            opened.read(0, target);
            assertThat(target.array()).isEqualTo(content);
        }
    }
}
