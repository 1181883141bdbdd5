package io.nydus4j.rafs.v5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.TestTree;
import io.nydus4j.rafs.tree.Xattr;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks the layouts of tables and records one by one. */
final class V5LayoutTest {
    private static MemorySegment memory(int size) {
        return MemorySegment.ofArray(new byte[size]);
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 8", "7, 8", "8, 8", "9, 16"})
    void sizesAreRoundedUpToEight(long size, long aligned) {
        assertThat(V5Format.align(size)).isEqualTo(aligned);
    }

    @Test
    void recordsGrowWithTheirParts() {
        assertThat(V5Inode.recordSize(3, 0, 0, 0)).isEqualTo(136);
        assertThat(V5Inode.recordSize(0, 3, 0, 0)).isEqualTo(136);
        assertThat(V5Inode.recordSize(4, 7, 0, 0)).isEqualTo(144);
        assertThat(V5Inode.recordSize(4, 7, 24, 2)).isEqualTo(144 + 24 + 160);
    }

    @ParameterizedTest
    @CsvSource({
        // A start that wraps around, is not aligned, or has a length that is not.
        "-1, 1, false, false",
        "1, 1, false, false",
        "8, 1, true, false",
        "8, 1, false, true",
        "8, 0, true, true",
        "-8, 8, true, false",
        "-8, 16, true, false",
        "-16, 8, true, true"
    })
    void rangeMustBeAlignedAndMustNotWrap(long start, long size, boolean alignedLength, boolean valid) {
        if (valid) {
            assertThatCode(() -> V5Format.checkRange("table", start, size, alignedLength))
                    .doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> V5Format.checkRange("table", start, size, alignedLength))
                    .isInstanceOf(RafsFormatException.class);
        }
    }

    @ParameterizedTest
    @CsvSource({"8, 16, true", "8, 8, false", "32, 8, false", "24, 8, true", "24, 16, true", "16, 0, false"})
    void rangesThatShareAByteOverlap(long start, long size, boolean overlap) {
        if (overlap) {
            assertThatThrownBy(() -> V5Format.checkDisjoint("table", start, size, "other", 16, 16))
                    .isInstanceOf(RafsFormatException.class);
        } else {
            assertThatCode(() -> V5Format.checkDisjoint("table", start, size, "other", 16, 16))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void inodeTableFindsWhatWasSet() throws RafsFormatException {
        V5InodeTable table = new V5InodeTable(memory(8), 0, 1);
        assertThat(V5InodeTable.size(1)).isEqualTo(8);
        assertThat(V5InodeTable.size(3)).isEqualTo(16);
        table.set(1, 0x2008);
        assertThat(table.recordOffset(1)).isEqualTo(0x2008);
    }

    @ParameterizedTest
    @CsvSource({"0, 0x2008", "2, 0x2008", "1, 0x1000", "1, 0x2000", "1, 0x2009", "-1, 0x2008", "1, 0x100000000"})
    void inodeTableRefusesWrongIndexesAndOffsets(long index, String offset) {
        V5InodeTable table = new V5InodeTable(memory(8), 0, 1);
        assertThatThrownBy(() -> table.set(index, Long.decode(offset))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, -1, Long.MIN_VALUE})
    void inodeTableHasNothingAtUnsetOrMissingIndexes(long index) {
        V5InodeTable table = new V5InodeTable(memory(8), 0, 2);
        assertThatThrownBy(() -> table.recordOffset(index)).isInstanceOf(RafsFormatException.class);
    }

    @ParameterizedTest
    @CsvSource({"0x400, false", "0x401, true", "0x1fffffff, true", "0x20000000, false", "0xffffffff, false"})
    void inodeTableTakesSlotsOfPossibleOffsetsOnly(String slot, boolean valid) {
        MemorySegment memory = memory(8);
        memory.set(V5Format.INT, 0, Long.decode(slot).intValue());
        V5InodeTable table = new V5InodeTable(memory, 0, 1);
        if (valid) {
            assertThatCode(() -> table.recordOffset(1)).doesNotThrowAnyException();
        } else {
            assertThatThrownBy(() -> table.recordOffset(1)).isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void prefetchTableIsPaddedWithZeros() throws RafsFormatException {
        MemorySegment memory = memory(8);
        assertThat(V5PrefetchTable.size(1)).isEqualTo(8);
        V5PrefetchTable.write(memory, 0, new int[] {1});
        assertThat(V5PrefetchTable.read(memory, 0, 2)).containsExactly(1L, 0L);
        assertThatThrownBy(() -> V5PrefetchTable.read(memory, 0, 3)).isInstanceOf(RafsFormatException.class);
        assertThatThrownBy(() -> V5PrefetchTable.read(memory, 0, -1)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void blobTableHoldsIdsOfAnyLength() throws RafsFormatException {
        List<V5BlobTable.Entry> entries = List.of(
                new V5BlobTable.Entry(0, 7, "a".repeat(64)),
                new V5BlobTable.Entry(0, 0, "b".repeat(123)),
                new V5BlobTable.Entry(0, -1, "c".repeat(44)));
        MemorySegment memory = memory((int) V5BlobTable.size(entries));
        V5BlobTable.write(memory, 0, entries);
        assertThat(V5BlobTable.read(memory, 0, memory.byteSize())).isEqualTo(entries);
        assertThat(V5BlobTable.read(memory, 0, 0)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "1, 72", "2, 152"})
    void blobTableIsPaddedButEndsWithoutASeparator(int ids, long size) {
        List<V5BlobTable.Entry> entries = Collections.nCopies(ids, new V5BlobTable.Entry(0, 0, "d".repeat(64)));
        assertThat(V5BlobTable.size(entries)).isEqualTo(size);
    }

    @Test
    void blobIdMustBeText() {
        MemorySegment memory = memory(16);
        memory.set(V5Format.INT, 8, 0xFFFF_FFFF);
        assertThatThrownBy(() -> V5BlobTable.read(memory, 0, 16)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void emptyBlobIdCountsInFrontOfOthersOnly() throws RafsFormatException {
        MemorySegment memory = memory(24);
        memory.set(V5Format.INT, 17, 'x');
        assertThat(V5BlobTable.read(memory, 0, 24))
                .extracting(V5BlobTable.Entry::id)
                .containsExactly("", "x");
        assertThat(V5BlobTable.read(memory, 0, 8)).isEmpty();
    }

    @Test
    void endlessBlobTableIsRefused() {
        MemorySegment memory = memory(1 << 20);
        assertThatThrownBy(() -> V5BlobTable.read(memory, 0, 1 << 20))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("more than 65536 blobs");
    }

    @Test
    void extendedEntryIsReadAsWritten() {
        MemorySegment memory = memory(5 * V5ExtendedBlobEntry.SIZE);
        V5ExtendedBlobEntry entry =
                new V5ExtendedBlobEntry(-1, new BlobFeatures(BlobFeatures.CAP_TAR_TOC), 1L << 40, 3);
        entry.write(memory, 256);
        assertThat(memory.byteSize()).isEqualTo(320);
        assertThat(V5ExtendedBlobEntry.read(memory, 256)).isEqualTo(entry);
    }

    @Test
    void xattrsTakeFiveBytesBesideNameAndValue() {
        Xattr first = TestTree.xattr("user.key1", "1234");
        Xattr second = TestTree.xattr("user.key21", "1234");
        assertThat(V5Xattrs.pairsSize(List.of(first))).isEqualTo(18);
        assertThat(V5Xattrs.pairsSize(List.of(first, second))).isEqualTo(37);
        assertThat(V5Xattrs.pairsSize(List.of(second))).isEqualTo(19);
        assertThat(V5Xattrs.areaSize(List.of(second))).isEqualTo(32);
        assertThat(V5Xattrs.areaSize(List.of())).isZero();
    }

    private static MemorySegment pair(int size, String rest) {
        byte[] bytes = rest.getBytes(StandardCharsets.ISO_8859_1);
        ByteBuffer buffer = ByteBuffer.allocate(4 + bytes.length).order(ByteOrder.LITTLE_ENDIAN);
        return MemorySegment.ofArray(buffer.putInt(size).put(bytes).array());
    }

    @ParameterizedTest
    @ValueSource(longs = {3, 7, 8})
    void xattrPairsThatAreCutOffAreRefused(long size) {
        assertThatThrownBy(() -> V5Xattrs.read(pair(4, "a\0b"), 0, size)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void xattrPairIsNameAndValue() throws RafsFormatException {
        assertThat(V5Xattrs.read(pair(3, "a\0b"), 0, 7)).containsExactly(TestTree.xattr("a", "b"));
        assertThat(V5Xattrs.read(pair(2, "a\0"), 0, 6)).containsExactly(TestTree.xattr("a", ""));
        assertThat(V5Xattrs.read(pair(3, "abc"), 0, 7))
                .as("a pair without a zero byte")
                .isEmpty();
    }

    @Test
    void xattrLookUpTakesTheFirstOfAName() throws RafsFormatException {
        List<Xattr> xattrs = List.of(TestTree.xattr("b", "1"), TestTree.xattr("a", "2"), TestTree.xattr("a", "3"));
        MemorySegment memory = memory((int) V5Xattrs.areaSize(xattrs));
        V5Xattrs.write(memory, 0, xattrs);
        assertThat(V5Xattrs.read(memory, 8, V5Xattrs.pairsSize(xattrs))).isEqualTo(xattrs);
        assertThat(V5Xattrs.find(memory, 8, V5Xattrs.pairsSize(xattrs), TestTree.bytes("a")))
                .asString()
                .isEqualTo("2");
        assertThat(V5Xattrs.find(memory, 8, V5Xattrs.pairsSize(xattrs), TestTree.bytes("c")))
                .isNull();
    }
}
