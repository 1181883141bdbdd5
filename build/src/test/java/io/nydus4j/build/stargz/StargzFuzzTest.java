package io.nydus4j.build.stargz;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Tables of contents and layers from anywhere: only a format error may come out. */
final class StargzFuzzTest {
    private static final StargzLayout LAYOUT =
            new StargzLayout("blob", 1 << 20, Compression.GZIP, 0x1000, true, true, true, 0);

    /** Input: the JSON of a table of contents. */
    @FuzzTest(maxDuration = "60s")
    void table(byte[] json) throws IOException {
        try {
            StargzContents.read(new ByteArrayInputStream(json), LAYOUT).tree().number();
        } catch (RafsFormatException expected) {
            // What a parser may throw.
        }
    }

    /** Input: a whole layer. */
    @FuzzTest(maxDuration = "60s")
    void layer(byte[] layer) throws IOException {
        PositionalSource source = PositionalSource.of(MemorySegment.ofArray(layer));
        try {
            Optional<LayerTail> tail = LayerTail.find(source);
            if (tail.isPresent()) {
                StargzContents.read(tail.get().open(source), LAYOUT).tree().number();
            }
        } catch (RafsFormatException expected) {
            // What a parser may throw.
        }
    }
}
