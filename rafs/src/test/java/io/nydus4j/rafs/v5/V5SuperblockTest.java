package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.TestTree;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Damages superblocks and tables field by field. */
final class V5SuperblockTest {
    private static byte[] image() {
        TestTree tree = new TestTree(4096);
        tree.file("/a", "text");
        tree.file("/b", "more");
        return tree.v5("/a");
    }

    private static V5Bootstrap open(byte[] bytes) throws RafsFormatException {
        return V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
    }

    private static byte[] with(byte[] bytes, int offset, int size, long value) {
        MemorySegment file = MemorySegment.ofArray(bytes);
        if (size == 4) {
            file.set(V5Format.INT, offset, (int) value);
        } else {
            file.set(V5Format.LONG, offset, value);
        }
        return bytes;
    }

    @Test
    void superblockIsReadAsWritten() throws IOException {
        byte[] bytes = image();
        V5Superblock superblock = V5Superblock.read(MemorySegment.ofArray(bytes));
        byte[] again = new byte[V5Superblock.SIZE];
        superblock.write(MemorySegment.ofArray(again));
        assertThat(again).isEqualTo(Arrays.copyOf(bytes, V5Superblock.SIZE));
        assertThat(superblock.inodeTableEntries()).isEqualTo(3);
        assertThat(superblock.prefetchTableEntries()).isEqualTo(1);
        assertThat(Arrays.copyOf(bytes, 4)).as("magic").isEqualTo("SFAR".getBytes(StandardCharsets.US_ASCII));
    }

    @ParameterizedTest
    @CsvSource({"0, 0x52414654", "4, 0x400", "4, 0x600", "0, 0"})
    void otherMagicOrVersionIsNotV5(int offset, String value) {
        byte[] bytes = with(image(), offset, 4, Long.decode(value));
        assertThat(V5Bootstrap.matches(MemorySegment.ofArray(bytes))).isFalse();
        assertThatThrownBy(() -> open(bytes)).isInstanceOf(RafsFormatException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 100, 8191, 8192})
    void fileThatEndsInTheSuperblockIsRefused(int length) {
        byte[] bytes = Arrays.copyOf(image(), length);
        assertThat(V5Bootstrap.matches(MemorySegment.ofArray(bytes))).isEqualTo(length >= 8);
        assertThatThrownBy(() -> open(bytes)).isInstanceOf(RafsFormatException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "8, 4, 8191, size of the superblock",
        "12, 4, 0, chunk size of zero",
        "12, 4, 0x800, chunk size below 4096",
        "12, 4, 0x1800, chunk size that is no power of two",
        "12, 4, 0x2000000, chunk size above 16 MiB",
        "12, 4, 0x80000000, chunk size of 2 GiB",
        "16, 8, 0x400, unknown flag",
        "16, 8, 0x100000000, unknown high flag",
        "24, 8, 4, more inodes than names",
        "24, 8, -1, endless inodes",
        "32, 8, 0, inode table in the superblock",
        "32, 8, 8196, inode table not aligned",
        "32, 8, 0x7ffffffffffffff8, inode table behind the end",
        "32, 8, -8, inode table that wraps",
        "56, 4, 0xffffffff, endless inode table",
        "48, 8, 8192, blob table over the inode table",
        "48, 8, 4096, blob table in the superblock",
        "48, 8, -16, blob table behind the end",
        "64, 4, 70, blob table of odd size",
        "64, 4, 0xfffffff8, endless blob table",
        "72, 8, 12, extended table not aligned",
        "72, 8, 8192, extended table over the inode table",
        "72, 8, 0x100000, extended table behind the end",
        "68, 4, 0xffffffff, endless extended table",
        "40, 8, 12, prefetch table not aligned",
        "40, 8, 8192, prefetch table over the inode table",
        "40, 8, 0x1000000, prefetch table behind the end",
        "60, 4, 0xffffffff, endless prefetch table"
    })
    void damagedFieldIsRefused(int offset, int size, String value, String what) {
        byte[] bytes = with(image(), offset, size, Long.decode(value));
        assertThatThrownBy(() -> open(bytes)).as(what).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void tableOverAnotherOneIsRefused() throws IOException {
        V5Superblock superblock = open(image()).layout();
        long blobs = superblock.blobTableOffset();
        long extended = superblock.extendedBlobTableOffset();
        assertThatThrownBy(() -> open(with(image(), 72, 8, blobs))).hasMessageContaining("overlaps the blob table");
        assertThatThrownBy(() -> open(with(image(), 40, 8, blobs))).hasMessageContaining("overlaps the blob table");
        assertThatThrownBy(() -> open(with(image(), 40, 8, extended)))
                .hasMessageContaining("overlaps the extended blob table");
    }

    @Test
    void emptyTableMustBeAlignedAndMayLieAnywhere() {
        assertThatThrownBy(() -> open(with(with(image(), 60, 4, 0), 40, 8, 4))).isInstanceOf(RafsFormatException.class);
        assertThatCode(() -> open(with(with(image(), 60, 4, 0), 40, 8, 0))).doesNotThrowAnyException();
    }

    @Test
    void fileLengthMustBeAMultipleOfEight() {
        byte[] bytes = image();
        assertThatThrownBy(() -> open(Arrays.copyOf(bytes, bytes.length + 4))).isInstanceOf(RafsFormatException.class);
        assertThatCode(() -> open(Arrays.copyOf(bytes, bytes.length + 8))).doesNotThrowAnyException();
    }

    @Test
    void reservedBytesAreIgnored() {
        assertThatCode(() -> open(with(image(), 80, 8, -1))).doesNotThrowAnyException();
    }

    @Test
    void preservedFlagsAreIgnored() throws IOException {
        byte[] bytes = image();
        long flags = open(bytes).superblock().flags().bits();
        assertThat(open(with(bytes, 16, 8, flags | 0xFC00_0000L)).superblock().digestAlgorithm())
                .isEqualTo(open(image()).superblock().digestAlgorithm());
    }

    @Test
    void imageWithoutExtendedTableKnowsNoSizes() throws IOException {
        byte[] bytes = with(with(image(), 72, 8, 0), 68, 4, 0);
        BlobInfo blob = open(bytes).blobs().getFirst();
        assertThat(blob.chunkCount()).isZero();
        assertThat(blob.uncompressedSize()).isZero();
        assertThat(open(bytes).inode(2).chunkBlobOffset(0)).isZero();
    }

    @Test
    void extendedTableMustHaveAllBlobs() throws IOException {
        byte[] bytes = image();
        V5Superblock superblock = open(bytes).layout();
        // Two ids of 31 letters in place of one of 64.
        int second = (int) superblock.blobTableOffset() + 8 + 31;
        Arrays.fill(bytes, second, second + 9, (byte) 0);
        assertThatThrownBy(() -> open(bytes))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("expected 2 entries, found 1");
    }

    @Test
    void unknownFeaturesAreDroppedAndNotRefused() throws IOException {
        int features = (int) open(image()).layout().extendedBlobTableOffset() + 4;
        assertThat(open(with(image(), features, 4, 0x1000)).blobs().getFirst().features())
                .isEqualTo(BlobFeatures.EMPTY);
        assertThat(open(with(image(), features, 4, 0x80000000L | BlobFeatures.CAP_TAR_TOC))
                        .blobs()
                        .getFirst()
                        .features())
                .isEqualTo(new BlobFeatures(BlobFeatures.CAP_TAR_TOC));
        assertThat(open(with(image(), features, 4, 0x10000)).blobs().getFirst().features())
                .isEqualTo(new BlobFeatures(0x10000));
    }
}
