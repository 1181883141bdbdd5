package io.nydus4j.blob.chunk;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.zran.ZranContext;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Chunk information from anywhere: only a format error may come out. */
final class ChunkInfoFuzzTest {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Input: the blob's features (4 bytes), the plain array, the first 60 bytes of its header. */
    @FuzzTest(maxDuration = "60s")
    void table(byte[] data) {
        if (data.length < 64) {
            return;
        }
        MemorySegment input = MemorySegment.ofArray(data);
        MemorySegment file = MemorySegment.ofArray(new byte[data.length - 64 + ChunkInfoHeader.SIZE]);
        int arraySize = data.length - 64;
        MemorySegment.copy(input, 4, file, 0, arraySize + 60);
        file.set(INT, file.byteSize() - 4, ChunkInfoHeader.MAGIC);
        try {
            ChunkInfoHeader header = ChunkInfoHeader.read(file, arraySize);
            BlobInfo blob = BlobInfo.builder()
                    .features(new BlobFeatures(input.get(INT, 0)))
                    .chunkCount(header.chunkCount())
                    .compressedSize(1 << 20)
                    .uncompressedSize(1 << 20)
                    .chunkInfoCompression(header.compression())
                    .chunkInfoOffset(header.offset())
                    .chunkInfoCompressedSize(header.compressedSize())
                    .chunkInfoUncompressedSize(header.uncompressedSize())
                    .build();
            useAll(ChunkInfoTable.of(file.asSlice(0, arraySize), header, blob));
        } catch (RafsFormatException expected) {
            // What a parser may throw.
        }
    }

    /** Calls every accessor of an accepted table. */
    static void useAll(ChunkInfoTable table) {
        for (int i = 0; i < table.size(); i++) {
            ChunkInfo chunk = table.chunk(i);
            table.indexAt(chunk.uncompressedOffset());
            table.unitStart(i);
            table.unitEnd(i);
            if (table.unitOffset(i) < 0 || table.unitCompressedSize(i) < 0 || table.unitUncompressedSize(i) < 1) {
                throw new AssertionError("chunk " + i + " was accepted: " + chunk);
            }
            if (table.isZran(i)) {
                ZranContext context = table.zran(table.contextIndex(i));
                table.dictionary(context);
            }
        }
    }
}
