package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.rafs.v5.V5Bootstrap;
import io.nydus4j.rafs.v5.V5BootstrapWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Gathers pieces of reads into vectors, requests and wider reads. */
final class IoVectorTest {
    private static final BlobInfo BLOB = BlobInfo.builder().id("blob").index(1).build();
    private static final IoPiece A = piece(BLOB, 0, 0, 0x800);
    private static final IoPiece B = piece(BLOB, 0, 0x800, 0x800);
    private static final IoPiece C = piece(BLOB, 0, 0x1800, 0x800);

    private static IoPiece piece(BlobInfo blob, int flags, long compressed, int size) {
        ChunkRecord chunk =
                new ChunkRecord(Digest.ZERO, blob.index(), flags, size, size, compressed, compressed * 2, 0, 0, 0);
        return new IoPiece(blob, chunk, 0, size, true);
    }

    @Test
    void piecesAreContinuousUpToAGap() {
        assertThat(A.isContinuous(B, 0)).isTrue();
        assertThat(A.isContinuous(B, 0x800)).isTrue();
        assertThat(B.isContinuous(A, 0)).isFalse();
        assertThat(B.isContinuous(A, 0x4000)).isFalse();
        assertThat(A.isContinuous(C, 0x1000)).isTrue();
        assertThat(A.isContinuous(C, 0x800)).isFalse();
        assertThat(B.isContinuous(C, 0x800)).isTrue();
        assertThat(B.isContinuous(C, 0x400)).isFalse();
    }

    @Test
    void piecesOfOtherBlobsAreNotContinuous() {
        BlobInfo other = BLOB.toBuilder().index(2).build();
        assertThat(A.isContinuous(piece(other, 0, 0x800, 0x800), 0x1000)).isFalse();
    }

    @Test
    void batchedPiecesAreMeasuredByPlainBytes() {
        IoPiece batched = piece(BLOB, ChunkFlags.BATCH, 0x800, 0x800);
        // A's plain bytes end at 0x800, the other's start at 0x1000.
        assertThat(A.isContinuous(batched, 0x800)).isTrue();
        assertThat(A.isContinuous(batched, 0x7ff)).isFalse();
        assertThat(batched.isContinuous(A, 1 << 30)).isFalse();
    }

    @Test
    void legacyStargzBlobsLetEightTimesTheGapPass() {
        BlobInfo stargz = BLOB.toBuilder().compression(Compression.GZIP).build();
        assertThat(A.isContinuous(piece(stargz, 0, 0x1800, 1), 0x200)).isTrue();
        assertThat(A.isContinuous(piece(stargz, 0, 0x1800, 1), 0x1ff)).isFalse();
        BlobInfo newer = stargz.toBuilder()
                .features(new BlobFeatures(BlobFeatures.CHUNK_INFO_V2))
                .build();
        assertThat(A.isContinuous(piece(newer, 0, 0x1800, 1), 0x200)).isFalse();
    }

    private static IoVector vector(IoPiece... pieces) {
        IoVector vector = new IoVector(pieces[0].blob());
        List.of(pieces).forEach(vector::push);
        return vector;
    }

    @Test
    void vectorTakesPiecesOfItsBlobOnly() {
        IoVector vector = vector(A, B);
        assertThat(vector.size()).isEqualTo(0x1000);
        IoPiece otherIndex = piece(BLOB.toBuilder().index(2).build(), 0, 0, 1);
        IoPiece otherId = piece(BLOB.toBuilder().id("other").build(), 0, 0, 1);
        assertThatThrownBy(() -> vector.push(otherIndex)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> vector.push(otherId)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> vector.append(vector(otherId))).isInstanceOf(IllegalArgumentException.class);
        vector.reset();
        assertThat(vector.isEmpty()).isTrue();
        assertThat(vector.size()).isZero();
    }

    @Test
    void vectorOfTheSameIdAndAnotherIndexMayBeAppended() {
        IoVector vector = vector(A, B);
        vector.append(vector(piece(BLOB.toBuilder().index(2).build(), 0, 0, 0x1000)));
        assertThat(vector.size()).isEqualTo(0x2000);
        assertThat(vector.pieces()).hasSize(3);
    }

    @Test
    void vectorsMayBeLarge() {
        IoVector vector = new IoVector(BLOB);
        IoVector half = new IoVector(BLOB);
        for (int i = 0; i < 4096; i++) {
            vector.push(piece(BLOB, 0, (long) i << 20, 1 << 20));
            half.push(piece(BLOB, 0, (4096L + i) << 20, 1 << 20));
        }
        vector.append(half);
        assertThat(vector.size()).isEqualTo(0x2_0000_0000L);
        assertThat(vector.pieces()).hasSize(8192);
    }

    @Test
    void mergeJoinsVectorsByBlob() {
        IoMerge merge = new IoMerge();
        assertThat(merge.current()).isNull();
        merge.append(new IoVector(BLOB));
        assertThat(merge.current()).isNull();
        BlobInfo other = BLOB.toBuilder().id("other").index(2).build();
        merge.append(vector(A));
        merge.append(vector(piece(other, 0, 0, 7)));
        merge.append(vector(B));
        assertThat(merge.current()).isNotNull();
        assertThat(merge.current().pieces()).containsExactly(A, B);
        assertThat(merge.drain()).extracting(IoVector::size).containsExactly(0x1000L, 7L);
        assertThat(merge.drain()).isEmpty();
        assertThat(merge.current()).isNull();
    }

    @Test
    void backendRangeCoversGaps() {
        BackendRange range = new BackendRange(A);
        assertThat(range.size()).isEqualTo(0x800);
        range.merge(B);
        assertThat(range.size()).isEqualTo(0x1000);
        range.merge(C);
        assertThat(range.offset()).isZero();
        assertThat(range.size()).isEqualTo(0x2000);
        assertThat(range.pieces()).containsExactly(A, B, C);
        assertThatThrownBy(() -> range.merge(B)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"0, 0x10000, 2", "0x800, 0x10000, 1", "0x800, 0x800, 3", "0x800, 0x801, 2"})
    void piecesAreGroupedByGapAndSize(String gap, String most, int ranges) {
        assertThat(BackendRange.group(vector(A, B, C), Long.decode(gap), Long.decode(most)))
                .hasSize(ranges);
    }

    /** Three files, each a chunk of 4096 bytes but the last, in one blob. */
    private static TestTree files() {
        TestTree tree = new TestTree(4096);
        tree.file("/a", new byte[12_000]);
        tree.file("/b", new byte[100]);
        tree.file("/c", new byte[0]);
        tree.symlink("/d", "a");
        tree.file("/e", new byte[4096]);
        return tree;
    }

    private static List<IoVector> amplified(V5Bootstrap image, int offset, int size, int batch) throws IOException {
        List<IoVector> vectors = IoVector.plan(image, image.inode(2), offset, size, true);
        ReadAmplification.amplify(image, image.inode(2), offset, size, batch, vectors);
        return vectors;
    }

    @Test
    void smallReadIsWidenedToTheFileAndThoseBehindIt() throws IOException {
        List<IoVector> vectors = amplified(files().openV5(), 0, 10, 1 << 20);
        assertThat(vectors).hasSize(1);
        assertThat(vectors.getFirst().pieces())
                .extracting(IoPiece::user)
                .containsExactly(true, false, false, false, false);
        assertThat(vectors.getFirst().pieces())
                .extracting(IoPiece::size)
                .containsExactly(10, 4096, 12_000 - 8192, 100, 4096);
    }

    @Test
    void windowLimitsWhatIsAdded() throws IOException {
        // 4096 bytes are read and 4096 more fit: the second chunk.
        assertThat(amplified(files().openV5(), 0, 10, 8192).getFirst().pieces()).hasSize(2);
        // At the end of the file 96 bytes of the window are left, less than the next file or a chunk.
        assertThat(amplified(files().openV5(), 11_000, 10, 3808 + 96).getFirst().pieces())
                .hasSize(1);
        assertThat(amplified(files().openV5(), 11_000, 10, 3808 + 101)
                        .getFirst()
                        .pieces())
                .hasSize(2);
    }

    @Test
    void largeReadIsNotWidened() throws IOException {
        assertThat(amplified(files().openV5(), 0, 8192, 8192).getFirst().pieces())
                .hasSize(2);
        assertThat(amplified(files().openV5(), 0, 12_000, 12_000).getFirst().pieces())
                .hasSize(3);
    }

    @Test
    void fileFarAwayInTheBlobIsNotAdded() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/b", new byte[100]);
        tree.file("/z", new byte[9000]);
        tree.file("/a", new byte[100]);
        V5Bootstrap image = tree.openV5();
        // In the tree "b" comes behind "a", in the blob before it.
        assertThat(amplified(image, 0, 10, 1 << 20).getFirst().pieces()).hasSize(1);
    }

    @Test
    void readOfTwoBlobsHasTwoVectors() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/f", new byte[3 * 4096]);
        ChunkRecord[] chunks = tree.nodes.get("/f").chunks();
        chunks[1] = chunks[1].inBlob(1);
        BlobInfo second =
                tree.blobs().getFirst().toBuilder().id("second").index(1).build();
        BootstrapPlan plan = V5BootstrapWriter.plan(
                tree.tree(), List.of(tree.blobs().getFirst(), second), List.of(), tree.options());
        byte[] bytes = new byte[(int) plan.size()];
        plan.write(MemorySegment.ofArray(bytes));
        V5Bootstrap image = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        List<IoVector> vectors = IoVector.plan(image, image.inode(2), 100, 12_000, true);
        assertThat(vectors).extracting(IoVector::blobIndex).containsExactly(0, 1, 0);
        assertThat(vectors).extracting(IoVector::size).containsExactly(3996L, 4096L, 12_000L - 3996 - 4096);
    }
}
