package io.nydus4j.blob.codec;

import io.airlift.compress.v3.MalformedInputException;
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

/**
 * zstd frames of level 3, made in one shot by libzstd 1.5.6 so that the bytes equal the reference's.
 *
 * <p>Where the native library cannot load, Java code of the same library compresses instead: valid, but of other sizes.
 */
final class ZstdCodec implements Codec {
    static final ZstdCodec INSTANCE = new ZstdCodec(NativeCode.available("zstd", ZstdNativeCompressor::isEnabled));

    private static final int LEVEL = 3;
    private static final String WHAT = "zstd data";

    private final ContextPool<io.airlift.compress.v3.Compressor> compressors;
    private final ContextPool<io.airlift.compress.v3.Decompressor> decompressors;

    /** @param nativeCode whether to use the native library or Java code */
    ZstdCodec(boolean nativeCode) {
        compressors = new ContextPool<>(() -> nativeCode ? new ZstdNativeCompressor(LEVEL) : new ZstdJavaCompressor());
        decompressors = new ContextPool<>(() -> nativeCode ? new ZstdNativeDecompressor() : new ZstdJavaDecompressor());
    }

    @Override
    public Compression compression() {
        return Compression.ZSTD;
    }

    /** Returns libzstd's bound. */
    @Override
    public int maxCompressedLength(int plainLength) {
        int margin = plainLength < 128 << 10 ? ((128 << 10) - plainLength) >>> 11 : 0;
        return Math.addExact(Math.addExact(plainLength, plainLength >>> 8), margin);
    }

    @Override
    public int compress(MemorySegment plain, MemorySegment target) {
        int length = Math.toIntExact(plain.byteSize());
        if (length == 0) {
            return STORED;
        }
        int room = maxCompressedLength(length);
        Malformed.checkRoom(target.byteSize(), room);
        var compressor = compressors.take();
        int compressed = compressor.compress(plain, target);
        compressors.giveBack(compressor);
        return compressed < length ? compressed : STORED;
    }

    @Override
    public void decompress(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        if (plain.byteSize() == 0) {
            throw new RafsFormatException(WHAT, -1, "stands for no plain bytes");
        }
        var decompressor = decompressors.take();
        int found;
        try {
            found = decompressor.decompress(stored, plain);
        } catch (MalformedInputException | IllegalArgumentException | IndexOutOfBoundsException e) {
            throw Malformed.data(WHAT, String.valueOf(e.getMessage()), e);
        }
        decompressors.giveBack(decompressor);
        if (found != plain.byteSize()) {
            throw Malformed.wrongLength(WHAT, plain.byteSize(), found);
        }
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
