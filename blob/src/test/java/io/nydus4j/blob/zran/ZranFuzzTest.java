package io.nydus4j.blob.zran;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

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

    /** Input: bytes to read at a time, whether to ask for the place after each, then what follows a gzip header. */
    @FuzzTest(maxDuration = "60s")
    void gzipStream(byte[] data) throws IOException {
        if (data.length < 2) {
            return;
        }
        byte[] stream = new byte[8 + data.length];
        System.arraycopy(new byte[] {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, 3}, 0, stream, 0, 10);
        System.arraycopy(data, 2, stream, 10, data.length - 2);
        GzipInflation inflation = new GzipInflation(new ByteArrayInputStream(stream));
        byte[] piece = new byte[1 + (data[0] & 0xFF) * 8];
        try {
            while (inflation.read(ByteBuffer.wrap(piece)) > 0 && inflation.uncompressedPosition() < 1 << 20) {
                if ((data[1] & 1) != 0 && inflation.compressedPosition() > stream.length) {
                    throw new IllegalStateException("a position behind the end");
                }
            }
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
