package io.nydus4j.blob.codec;

import io.airlift.compress.v3.zstd.ZstdJavaCompressor;
import io.airlift.compress.v3.zstd.ZstdJavaDecompressor;
import io.airlift.compress.v3.zstd.ZstdNativeCompressor;
import io.airlift.compress.v3.zstd.ZstdNativeDecompressor;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** zstd frames of level 3, made in one shot by libzstd 1.5.6 so that the bytes equal the reference's. */
final class ZstdCodec extends AirliftCodec {
    static final ZstdCodec INSTANCE = new ZstdCodec(NativeCode.available("zstd", ZstdNativeCompressor::isEnabled));

    private static final int LEVEL = 3;
    private static final String WHAT = "zstd data";

    /** @param nativeCode whether to use the native library or Java code */
    ZstdCodec(boolean nativeCode) {
        super(
                Compression.ZSTD,
                WHAT,
                () -> nativeCode ? new ZstdNativeCompressor(LEVEL) : new ZstdJavaCompressor(),
                () -> nativeCode ? new ZstdNativeDecompressor() : new ZstdJavaDecompressor());
    }

    /** Returns libzstd's bound. */
    @Override
    public int maxCompressedLength(int plainLength) {
        int margin = plainLength < 128 << 10 ? ((128 << 10) - plainLength) >>> 11 : 0;
        return Math.addExact(Math.addExact(plainLength, plainLength >>> 8), margin);
    }

    @Override
    public void decompressStart(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        try {
            decompress(stored, plain);
            return;
        } catch (RafsFormatException e) {
            // There is more, or it is cut off: the slower way finds out.
        }
        byte[] bytes = stored.toArray(ValueLayout.JAVA_BYTE);
        byte[] start = new byte[Math.toIntExact(plain.byteSize())];
        try (ZstdStream stream = new ZstdStream(new ByteArrayInputStream(bytes))) {
            int found = stream.readNBytes(start, 0, start.length);
            if (found < start.length) {
                throw Malformed.wrongLength(WHAT, start.length, found);
            }
        } catch (RafsFormatException e) {
            throw e;
        } catch (IOException e) {
            throw Malformed.data(WHAT, String.valueOf(e.getMessage()), e);
        }
        MemorySegment.copy(start, 0, plain, ValueLayout.JAVA_BYTE, 0, start.length);
    }
}
