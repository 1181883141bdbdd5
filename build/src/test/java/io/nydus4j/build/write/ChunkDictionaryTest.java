package io.nydus4j.build.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Chunks that another image has are referred to, and its blobs get indexes. */
final class ChunkDictionaryTest {
    private static final int CHUNK_SIZE = 0x1000;
    private static final ChunkSettings SETTINGS = new ChunkSettings(
            CHUNK_SIZE,
            0,
            Compression.ZSTD,
            DigestAlgorithm.SHA256,
            Optional.empty(),
            true,
            true,
            false,
            new BlobFeatures(BlobFeatures.ALIGNED),
            0);
    private static final BlobInfo PARENT = blob("parent");
    private static final BlobInfo ELSEWHERE = blob("elsewhere");
    private static final BlobInfo NEW = blob("new");

    private final MemoryFiles files = new MemoryFiles();
    private final BlobTable table = new BlobTable(List.of(PARENT));

    private static BlobInfo blob(String id) {
        return BlobInfo.builder().id(id).chunkSize(CHUNK_SIZE).build();
    }

    private static byte[] chunk(int value) {
        byte[] chunk = new byte[CHUNK_SIZE];
        Arrays.fill(chunk, (byte) value);
        return chunk;
    }

    private static byte[] twice(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** A dictionary with one chunk, of its blob 5. */
    private ChunkDictionary dictionaryOf(byte[] chunk) {
        Digest known = new Sha256().digest(MemorySegment.ofArray(chunk));
        return (digest, length) -> digest.equals(known) && length == chunk.length
                ? new ChunkRecord(
                        digest,
                        table.indexOf(5, ELSEWHERE),
                        ChunkFlags.COMPRESSED,
                        77,
                        length,
                        1_000_000,
                        0x20_0000,
                        0x999_0000,
                        42,
                        0)
                : null;
    }

    private StoredChunks store(ChunkDictionary dictionary) throws IOException {
        files.reserveChunks(CHUNK_SIZE);
        return new ChunkPipeline(files, SETTINGS, 2, new BlobWriter(Optional.empty()), dictionary, table, (_, _) -> {})
                .run(List.of(), files.files());
    }

    @Test
    void hitCopiesTheRecordWithTheFilesOwnOffset() throws IOException {
        Node file = files.add("file", twice(chunk(1), chunk(2)));
        StoredChunks stored = store(dictionaryOf(chunk(2)));
        assertThat(file.chunks()[1])
                .isEqualTo(new ChunkRecord(
                        file.chunks()[1].digest(),
                        2,
                        ChunkFlags.COMPRESSED,
                        77,
                        CHUNK_SIZE,
                        1_000_000,
                        0x20_0000,
                        CHUNK_SIZE,
                        42,
                        0));
        assertThat(stored.chunkCount()).isEqualTo(1);
        assertThat(stored.repeatedChunks()).isEqualTo(1);
        assertThat(stored.repeatedBytes()).isEqualTo(CHUNK_SIZE);
        assertThat(stored.plainBytes()).isEqualTo(CHUNK_SIZE);
    }

    @Test
    void blobsGetIndexesInTheOrderOfTheirFirstChunks() throws IOException {
        Node found = files.add("a", chunk(2));
        Node stored = files.add("b", chunk(1));
        store(dictionaryOf(chunk(2)));
        assertThat(found.chunks()[0].blobIndex()).isEqualTo(1);
        assertThat(stored.chunks()[0].blobIndex()).isEqualTo(2);
        List<BlobInfo> blobs = table.blobs(Optional.of(NEW));
        assertThat(blobs).extracting(BlobInfo::id).containsExactly(PARENT.id(), ELSEWHERE.id(), NEW.id());
        assertThat(blobs).extracting(BlobInfo::index).containsExactly(0, 1, 2);
    }

    @Test
    void imageWithoutNewChunksHasNoNewBlob() throws IOException {
        files.add("a", chunk(2));
        files.add("b", chunk(2));
        StoredChunks stored = store(dictionaryOf(chunk(2)));
        assertThat(stored.chunkCount()).isZero();
        assertThat(stored.repeatedChunks()).isEqualTo(2);
        assertThat(table.blobs(Optional.empty())).extracting(BlobInfo::id).containsExactly(PARENT.id(), ELSEWHERE.id());
    }

    @Test
    void tableHoldsTwoHundredFiftySixBlobs() throws IOException {
        for (int i = 1; i < 256; i++) {
            assertThat(table.indexOf(i, ELSEWHERE)).isEqualTo(i);
        }
        assertThat(table.indexOf(1, ELSEWHERE)).isEqualTo(1);
        assertThatThrownBy(table::newBlobIndex).isInstanceOf(IOException.class).hasMessage("too many blobs");
    }
}
