package io.nydus4j.blob.zran;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import java.lang.foreign.MemorySegment;

/** Compressed data from anywhere: only a format error may come out. */
final class ZranFuzzTest {
    /** Input: bit count, byte with the bits, dictionary length / 16, then the dictionary and the stored bytes. */
    @FuzzTest(maxDuration = "60s")
    void context(byte[] data) {
        if (data.length < 3) {
            return;
        }
        int dictionary = Math.min(data.length - 3, (data[2] & 0xFF) * 16);
        MemorySegment input = MemorySegment.ofArray(data);
        ZranContext context = new ZranContext(0, 0, 0, 0, 0, 0, data[1] & 0xFF, data[0] & 7);
        try (ZranDecoder decoder = new ZranDecoder()) {
            decoder.decode(
                    context,
                    input.asSlice(3, dictionary),
                    input.asSlice(3 + dictionary),
                    MemorySegment.ofArray(new byte[2000]));
        } catch (RafsFormatException expected) {
            // What a decoder may throw.
        }
    }

    /** Input: plain length / 16, compression, then the stored bytes. */
    @FuzzTest(maxDuration = "60s")
    void codec(byte[] data) {
        if (data.length < 2) {
            return;
        }
        byte[] plain = new byte[(data[0] & 0xFF) * 16];
        try {
            Codec.of(Compression.ofCode(data[1] & 3, "input", 1))
                    .decompress(data, 2, data.length - 2, plain, 0, plain.length);
        } catch (RafsFormatException expected) {
            // What a decoder may throw.
        }
    }
}
