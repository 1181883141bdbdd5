package io.nydus4j.blob.chunk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.GoldenImage;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.zran.ZranContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.SplittableRandom;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Layouts, look-ups and refusals of chunk information. */
final class ChunkInfoTableTest {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final int V2 = BlobFeatures.CHUNK_INFO_V2;
    private static final int MB = 1 << 20;

    /** A blob of 1 MiB with these features that fits what {@code writer} holds. */
    private static BlobInfo blob(int features, StoredChunkInfo info) {
        ChunkInfoHeader header = info.header();
        return BlobInfo.builder()
                .id("test")
                .features(new BlobFeatures(features))
                .chunkCount(header.chunkCount())
                .compressedSize(MB)
                .uncompressedSize(MB)
                .chunkInfoCompression(header.compression())
                .chunkInfoOffset(header.offset())
                .chunkInfoCompressedSize(header.compressedSize())
                .chunkInfoUncompressedSize(header.uncompressedSize())
                .build();
    }

    private static ChunkInfoTable table(int features, ChunkInfoWriter writer) throws RafsFormatException {
        StoredChunkInfo info = writer.store(Compression.NONE, MB, Optional.empty());
        return ChunkInfoTable.of(MemorySegment.ofArray(info.plain()), info.header(), blob(features, info));
    }

    private static ChunkInfoTable table(int features, ChunkInfo... chunks) throws RafsFormatException {
        return table(features, writer(features, chunks));
    }

    private static ChunkInfoWriter writer(int features, ChunkInfo... chunks) {
        ChunkInfoWriter writer = new ChunkInfoWriter(new BlobFeatures(features));
        for (ChunkInfo chunk : chunks) {
            writer.add(chunk);
        }
        return writer;
    }

    private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(int features, ChunkInfo... chunks) {
        return assertThatThrownBy(() -> table(features, chunks)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void version1RecordHasTheReferencesWords() throws RafsFormatException {
        ChunkInfoWriter writer = writer(0, ChunkInfo.plain(0, 0x4223, 0, 0x12DC));
        MemorySegment plain = MemorySegment.ofArray(writer.toBytes());
        assertThat(plain.get(WORD, 0)).isEqualTo(0x0422200000000000L);
        assertThat(plain.get(WORD, 8)).isEqualTo(0x012DB00000000000L);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, V2})
    void extremeValuesFitInARecord(int features) {
        int stored = features == 0 ? 1 << 24 : (1 << 24) - 1;
        ChunkInfo most = new ChunkInfo(0xFFF_FFFF_F000L, 1 << 24, 0xFF_FFFF_FFFFL, stored, features == 0 ? 0 : 0xFF, 0);
        ChunkInfoLayout layout = features == 0 ? ChunkInfoLayout.V1 : ChunkInfoLayout.V2;
        MemorySegment plain = MemorySegment.ofArray(writer(features, most).toBytes());
        assertThat(layout.uncompressedOffset(plain, 0)).isEqualTo(most.uncompressedOffset());
        assertThat(layout.uncompressedSize(plain, 0)).isEqualTo(most.uncompressedSize());
        assertThat(layout.compressedOffset(plain, 0)).isEqualTo(most.compressedOffset());
        assertThat(layout.compressedSize(plain, 0)).isEqualTo(most.compressedSize());
        assertThat(layout.flags(plain, 0)).isEqualTo(most.flags());
    }

    @Test
    void writerRefusesWhatDoesNotFit() {
        assertThatThrownBy(() -> writer(V2, ChunkInfo.plain(0, 1 << 24, 0, 1 << 24)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer(0, ChunkInfo.plain(0, (1 << 24) + 1, 0, 5)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer(0, ChunkInfo.plain(0, 5, 1L << 40, 5)))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> writer(0, ChunkInfo.plain(1L << 44, 5, 0, 5)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void chunksAreFoundByUncompressedOffset() throws RafsFormatException {
        ChunkInfoTable table = table(
                0,
                ChunkInfo.plain(4096, 5000, 0, 100),
                ChunkInfo.plain(12288, 4096, 100, 50),
                ChunkInfo.plain(65536, 1, 150, 1));
        assertThat(table.indexAt(0)).isEqualTo(-1);
        assertThat(table.indexAt(4096)).isEqualTo(0);
        assertThat(table.indexAt(9095)).isEqualTo(0);
        assertThat(table.indexAt(9096)).as("padding").isEqualTo(-1);
        assertThat(table.indexAt(12288)).isEqualTo(1);
        assertThat(table.indexAt(16383)).isEqualTo(1);
        assertThat(table.indexAt(16384)).as("gap").isEqualTo(-1);
        assertThat(table.indexAt(65536)).isEqualTo(2);
        assertThat(table.indexAt(65537)).isEqualTo(-1);
        assertThat(table.floorIndex(0)).isEqualTo(-1);
        assertThat(table.floorIndex(16384)).isEqualTo(1);
        assertThat(table.floorIndex(Long.MAX_VALUE)).isEqualTo(2);
        assertThatThrownBy(() -> table.uncompressedSize(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void checksumOfValueZeroIsAChecksum() throws RafsFormatException {
        ChunkInfoTable table = table(V2, new ChunkInfo(0, 4, 0, 4, ChunkInfoFlags.HAS_CRC32, 0));
        assertThat(table.hasCrc32(0)).isTrue();
        assertThat(table.crc32(0)).isZero();
    }

    @Test
    void refusesChunkPastTheEndOfTheData() {
        assertRefused(0, ChunkInfo.plain(0, 200, MB - 99, 100)).hasMessageContaining("chunk 0");
        assertRefused(V2, ChunkInfo.plain(0, 200, MB - 99, 100)).hasMessageContaining("past the end of the data");
    }

    @Test
    void refusesChunkPastTheEndOfTheAddressSpace() {
        assertRefused(0, ChunkInfo.plain(MB - 4096, 4097, 0, 100)).hasMessageContaining("address space");
    }

    @Test
    void refusesChunksThatOverlap() {
        assertRefused(0, ChunkInfo.plain(0, 4097, 0, 100), ChunkInfo.plain(4096, 5, 100, 5))
                .hasMessageContaining("chunk 1");
        assertRefused(0, ChunkInfo.plain(8192, 5, 0, 5), ChunkInfo.plain(0, 5, 5, 5));
    }

    @Test
    void refusesChunkWithoutStoredBytes() {
        assertRefused(V2, new ChunkInfo(0, 5, 0, 0, ChunkInfoFlags.COMPRESSED, 0));
        assertRefused(V2 | BlobFeatures.BATCH, new ChunkInfo(0, 5, 0, 0, ChunkInfoFlags.COMPRESSED, 0));
    }

    @Test
    void refusesChunkThatIsNotCompressedButOfAnotherSize() {
        assertRefused(V2, new ChunkInfo(0, 5, 0, 4, 0, 0)).hasMessageContaining("not compressed");
    }

    @Test
    void refusesMembersOfContextsThatTheBlobHasNot() {
        int zran = ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.ZRAN;
        int batch = ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.BATCH;
        assertRefused(V2, new ChunkInfo(0, 5, 0, 4, zran, 0));
        assertRefused(V2, new ChunkInfo(0, 5, 0, 4, batch, 0));
        assertRefused(V2 | BlobFeatures.ZRAN, new ChunkInfo(0, 5, 0, 4, batch, 0));
        assertRefused(V2 | BlobFeatures.BATCH, new ChunkInfo(0, 5, 0, 4, batch, 0))
                .hasMessageContaining("context");
        assertRefused(BlobFeatures.BATCH, ChunkInfo.plain(0, 5, 0, 4)).hasMessageContaining("version 2");
        assertRefused(V2 | BlobFeatures.BATCH | BlobFeatures.ZRAN, ChunkInfo.plain(0, 5, 0, 4));
    }

    @Test
    void membersOfABatchAreOneUnit() throws RafsFormatException {
        int features = V2 | BlobFeatures.BATCH;
        int flags = ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.BATCH;
        ChunkInfoWriter writer = writer(
                features,
                ChunkInfo.plain(0, 10, 0, 5),
                new ChunkInfo(4096, 5, 5, 0, flags, ChunkInfo.contextData(0, 0)),
                new ChunkInfo(8192, 7, 5, 0, flags, ChunkInfo.contextData(0, 5)),
                new ChunkInfo(12288, 3, 16, 0, flags, ChunkInfo.contextData(1, 0)));
        writer.addBatch(new BatchContext(11, 12));
        writer.addBatch(new BatchContext(3, 3));
        ChunkInfoTable table = table(features, writer);
        assertThat(table.unitStart(0)).isEqualTo(0);
        assertThat(table.unitEnd(0)).isEqualTo(1);
        assertThat(table.unitStart(2)).isEqualTo(1);
        assertThat(table.unitEnd(1)).isEqualTo(3);
        assertThat(table.unitOffset(2)).isEqualTo(5);
        assertThat(table.unitCompressedSize(2)).isEqualTo(11);
        assertThat(table.unitUncompressedSize(2)).isEqualTo(12);
        assertThat(table.unitEnd(3)).isEqualTo(4);
        assertThat(table.indexAt(8198))
                .as("any member can be found by its address")
                .isEqualTo(2);
    }

    @Test
    void refusesMemberThatEndsBehindItsBatch() {
        int features = V2 | BlobFeatures.BATCH;
        int flags = ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.BATCH;
        ChunkInfoWriter writer = writer(features, new ChunkInfo(0, 8, 0, 0, flags, ChunkInfo.contextData(0, 5)));
        writer.addBatch(new BatchContext(11, 12));
        assertThatThrownBy(() -> table(features, writer))
                .isInstanceOf(RafsFormatException.class)
                .hasMessageContaining("in its context");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0 1", "13 0", "20 12", "1 -1", "-1 12"})
    void refusesBatchOfImpossibleSizes(String sizes) {
        int features = V2 | BlobFeatures.BATCH;
        String[] stored = sizes.split(" ", -1);
        ChunkInfoWriter writer = writer(features, ChunkInfo.plain(0, 10, 0, 5));
        writer.addBatch(new BatchContext(Integer.parseInt(stored[0]), Integer.parseInt(stored[1])));
        assertThatThrownBy(() -> table(features, writer)).isInstanceOf(RafsFormatException.class);
    }

    @Test
    void refusesZranContextsOutsideOfTheDataOrTheDictionaries() {
        int features = V2 | BlobFeatures.ZRAN | BlobFeatures.SEPARATE;
        ChunkInfo chunk = new ChunkInfo(0, 8, 0, 0, ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.ZRAN, 0);
        ZranContext right = new ZranContext(0, 0, 0, 100, 200, 0, 0, 0);
        ChunkInfoWriter accepted = writer(features, chunk);
        accepted.addZran(right, new byte[32768]);
        assertThat(accepted.contextCount()).isEqualTo(1);
        ChunkInfoWriter longDictionary = writer(features, chunk);
        longDictionary.addZran(right, new byte[32769]);
        assertThatThrownBy(() -> table(features, longDictionary)).isInstanceOf(RafsFormatException.class);
        for (ZranContext wrong : new ZranContext[] {
            new ZranContext(MB - 99, 0, 0, 100, 200, 0, 0, 0),
            new ZranContext(-1, 0, 0, 100, 200, 0, 0, 0),
            new ZranContext(Long.MAX_VALUE, 0, 0, 100, 200, 0, 0, 0),
            new ZranContext(0, 0, 0, -1, 200, 0, 0, 0),
            new ZranContext(0, 0, 0, 100, 7, 0, 0, 0),
            new ZranContext(0, 0, 0, 100, (1 << 24) + 1, 0, 0, 0),
            new ZranContext(0, 0, 0, 100, 200, 0, 0, 8),
        }) {
            ChunkInfoWriter writer = writer(features, chunk);
            writer.addZran(wrong, new byte[0]);
            assertThatThrownBy(() -> table(features, writer)).as("%s", wrong).isInstanceOf(RafsFormatException.class);
        }
    }

    @Test
    void refusesHeaderThatContradictsTheImage() {
        StoredChunkInfo info = writer(0, ChunkInfo.plain(0, 10, 0, 5)).store(Compression.NONE, MB, Optional.empty());
        BlobInfo right = blob(0, info);
        MemorySegment plain = MemorySegment.ofArray(info.plain());
        for (BlobInfo wrong : new BlobInfo[] {
            right.toBuilder().chunkCount(2).build(),
            right.toBuilder().chunkInfoOffset(MB + 1).build(),
            right.toBuilder().chunkInfoCompressedSize(15).build(),
            right.toBuilder().chunkInfoUncompressedSize(32).build(),
            right.toBuilder().chunkInfoCompression(Compression.ZSTD).build(),
        }) {
            assertThatThrownBy(() -> ChunkInfoTable.of(plain, info.header(), wrong))
                    .isInstanceOf(RafsFormatException.class)
                    .hasMessageContaining("the image says");
        }
        BlobInfo dictionary = right.toBuilder()
                .features(new BlobFeatures(BlobFeatures.IS_CHUNKDICT_GENERATED))
                .chunkCount(7)
                .build();
        assertThat(catchThrowable(() -> ChunkInfoTable.of(plain, info.header(), dictionary)))
                .as("a generated dictionary counts only the chunks it took")
                .isNull();
    }

    @Test
    void loaderRefusesPlacesOutsideOfTheFile() throws IOException {
        GoldenImage image = GoldenImage.read("upper-v6");
        BlobInfo right = image.ownBlob();
        PositionalSource source = PositionalSource.of(MemorySegment.ofArray(image.blobBytes()));
        for (BlobInfo wrong : new BlobInfo[] {
            right.toBuilder().chunkInfoOffset(-1).build(),
            right.toBuilder().chunkInfoOffset(right.chunkInfoOffset() + 1).build(),
            right.toBuilder().chunkInfoOffset(Long.MAX_VALUE).build(),
            right.toBuilder().chunkInfoCompressedSize(0).build(),
            right.toBuilder().chunkInfoCompressedSize(-5).build(),
            right.toBuilder().chunkInfoUncompressedSize(0).build(),
            right.toBuilder().chunkInfoUncompressedSize(1L << 40).build(),
            right.toBuilder().chunkInfoUncompressedSize(-1).build(),
        }) {
            assertThatThrownBy(() -> ChunkInfoLoader.load(wrong, source)).isInstanceOf(RafsFormatException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void damagedBlobsFailInNoOtherWay(long seed) throws IOException {
        SplittableRandom random = new SplittableRandom(seed);
        for (String name : new String[] {"upper-v6", "v6-batch", "v6-encrypt", "targz-ref"}) {
            GoldenImage image = GoldenImage.read(name);
            BlobInfo blob = image.ownBlob();
            ChunkInfoTable right =
                    ChunkInfoLoader.load(blob, PositionalSource.of(MemorySegment.ofArray(image.blobBytes())));
            MemorySegment file = MemorySegment.ofArray(new byte[(int) ChunkInfoLoader.cachedSize(blob)]);
            for (int round = 0; round < 300; round++) {
                ChunkInfoLoader.writeCache(right, file);
                for (int i = 0; i <= random.nextInt(3); i++) {
                    long at = random.nextInt(8) == 0
                            ? file.byteSize() - ChunkInfoHeader.SIZE + random.nextInt(64)
                            : random.nextLong(right.array().byteSize());
                    file.set(ValueLayout.JAVA_BYTE, at, (byte) random.nextInt(256));
                }
                try {
                    ChunkInfoFuzzTest.useAll(ChunkInfoLoader.fromCache(blob, file));
                } catch (RafsFormatException expected) {
                    assertThat(expected).as("seed %s", seed).hasMessageContaining(" ");
                }
            }
        }
    }
}
