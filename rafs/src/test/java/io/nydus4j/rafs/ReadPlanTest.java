package io.nydus4j.rafs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.v5.V5Bootstrap;
import io.nydus4j.rafs.v5.V5InodeView;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Finds chunks and blob ranges of reads. */
final class ReadPlanTest {
    private static final int MIB = 1 << 20;

    @ParameterizedTest
    @CsvSource({
        "0, 1, 0, 1",
        "0, 1024, 0, 1",
        "0, 1025, 0, 2",
        "0, 4097, 0, 4",
        "1023, 1, 0, 1",
        "1023, 2, 0, 2",
        "1023, 1025, 0, 2",
        "1024, 1, 1, 2",
        "1024, 1025, 1, 3",
        "1025, 1023, 1, 2",
        "1025, 1024, 1, 3",
        "1025, 4096, 1, 4",
        "0, 0, 0, 0",
        "4096, 1, 0, 0",
        "9223372036854775807, 1, 0, 0",
        "1024, 9223372036854775807, 1, 4"
    })
    void rangeTouchesChunks(long offset, long length, int first, int last) {
        assertThat(ChunkSpan.of(offset, length, 1024, 4)).isEqualTo(new ChunkSpan(first, last));
    }

    /** A file of 3 MiB and 8192 bytes in chunks of 1 MiB. */
    private static V5InodeView wholeFile() throws IOException {
        TestTree tree = new TestTree(MIB);
        tree.file("/f", new byte[3 * MIB + 8192]);
        return tree.openV5().inode(2);
    }

    private static void assertPieces(V5InodeView file, long offset, long length, long... sizes)
            throws RafsFormatException {
        ArrayList<Long> found = new ArrayList<>();
        long[] position = {offset};
        ReadPlan.forEach(file, MIB, offset, length, (fileOffset, blobIndex, blobOffset, pieceLength) -> {
            assertThat(fileOffset).isEqualTo(position[0]);
            assertThat(blobOffset).as("the only file lies at the blob's start").isEqualTo(fileOffset);
            assertThat(blobIndex).isZero();
            position[0] += pieceLength;
            found.add((long) pieceLength);
        });
        assertThat(found.stream().mapToLong(Long::longValue).toArray()).containsExactly(sizes);
    }

    @Test
    void readIsCutAtChunks() throws IOException {
        V5InodeView file = wholeFile();
        assertPieces(file, 0, 100, 100);
        assertPieces(file, MIB - 100, 200, 100, 100);
        assertPieces(file, MIB + 8192, 4 * MIB, MIB - 8192, MIB, 8192);
        assertPieces(file, 3 * MIB + 8191, Long.MAX_VALUE, 1);
    }

    @Test
    void readOfNothingHasNoPieces() throws IOException {
        V5InodeView file = wholeFile();
        assertPieces(file, 0, 0);
        assertPieces(file, 3 * MIB + 8192, 1);
        assertPieces(file, Long.MAX_VALUE, Long.MAX_VALUE);
    }

    @Test
    void neighboursInTheBlobAreOnePiece() throws IOException {
        assertThat(ReadPlan.of(wholeFile(), MIB, 5, 3 * MIB)).containsExactly(new ReadPlan.Piece(5, 0, 5, 3 * MIB));
    }

    @Test
    void directoriesHaveNoPieces() throws IOException {
        assertThat(ReadPlan.of(new TestTree(MIB).openV5().root(), MIB, 0, 100)).isEmpty();
    }

    /** The place of a field of the chunk record that comes last in the file. */
    private static long lastChunk(byte[] bytes, int field) {
        return (long) bytes.length - ChunkRecord.SIZE + field;
    }

    @Test
    void missingChunkIsAnErrorAndNotZeros() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/f", new byte[8192]);
        byte[] bytes = tree.v5();
        V5Bootstrap sound = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        MemorySegment file = MemorySegment.ofArray(bytes);
        file.set(ValueLayout.JAVA_INT_UNALIGNED, sound.inode(2).recordOffset() + 96, 1);
        V5InodeView inode = V5Bootstrap.open(file, () -> {}).inode(2);
        assertThatThrownBy(() -> ReadPlan.of(inode, 4096, 0, 8192))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("expected at least 2 chunks, found 1");
        assertThat(ReadPlan.of(inode, 4096, 0, 4096)).hasSize(1);
    }

    @Test
    void holesHaveNoPieces() throws IOException {
        TestTree tree = new TestTree(4096);
        tree.file("/f", new byte[4096 + 100]);
        byte[] bytes = tree.v5();
        V5Bootstrap sound = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        MemorySegment file = MemorySegment.ofArray(bytes);
        long record = sound.inode(2).recordOffset();
        ValueLayout.OfLong number = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
        // The file grows to 100000 bytes, and its second chunk moves to 40960.
        file.set(number, record + 64, 100_000);
        file.set(number, record + 80, 8);
        file.set(number, lastChunk(bytes, ChunkRecord.FILE_OFFSET), 40_960);
        V5Bootstrap image = V5Bootstrap.open(file, () -> {});
        V5InodeView inode = image.inode(2);
        assertThat(ReadPlan.of(inode, 4096, 0, 100_000))
                .containsExactly(new ReadPlan.Piece(0, 0, 0, 4096), new ReadPlan.Piece(40_960, 0, 4096, 100));
        assertThat(ReadPlan.of(inode, 4096, 10, 20)).containsExactly(new ReadPlan.Piece(10, 0, 10, 20));
        assertThat(ReadPlan.of(inode, 4096, 5000, 1000)).isEmpty();
        List<IoVector> vectors = IoVector.plan(image, inode, 41_000, 50, true);
        assertThat(vectors).hasSize(1);
        assertThat(vectors.getFirst().pieces()).hasSize(1);
        assertThat(vectors.getFirst().pieces().getFirst().offset()).isEqualTo(40);
        assertThat(vectors.getFirst().pieces().getFirst().chunk().fileOffset()).isEqualTo(40_960);
    }

    @Test
    void randomReadsGiveTheBytesOfTheFile() throws IOException {
        long seed = 77;
        Random random = new Random(seed);
        TestTree tree = new TestTree(4096);
        tree.file("/other", new byte[100]);
        byte[] content = new byte[20_000];
        random.nextBytes(content);
        V5InodeView file = view(tree, content);
        byte[] blob = tree.blobBytes();
        for (int i = 0; i < 500; i++) {
            int offset = random.nextInt(21_000);
            int length = random.nextInt(21_000);
            byte[] expected = Arrays.copyOfRange(content, Math.min(offset, 20_000), Math.min(offset + length, 20_000));
            byte[] found = new byte[expected.length];
            for (ReadPlan.Piece piece : ReadPlan.of(file, 4096, offset, length)) {
                System.arraycopy(
                        blob, (int) piece.blobOffset(), found, (int) piece.fileOffset() - offset, (int) piece.length());
            }
            assertThat(found).as("seed %s, read %s", seed, i).isEqualTo(expected);
        }
    }

    private static V5InodeView view(TestTree tree, byte[] content) throws IOException {
        tree.file("/f", content);
        V5InodeView file = tree.openV5().root().child(TestTree.bytes("f"));
        assertThat(file).isNotNull();
        return file;
    }
}
