package io.nydus4j.blob.codec;

import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.lz4.Lz4JavaCompressor;
import io.airlift.compress.v3.lz4.Lz4JavaDecompressor;
import io.airlift.compress.v3.lz4.Lz4NativeCompressor;
import io.airlift.compress.v3.lz4.Lz4NativeDecompressor;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;

/**
 * Raw LZ4 blocks without a size in front, as {@code LZ4_compress_default} of liblz4 1.10.0 makes them, so that the bytes equal the
 * reference's.
 *
 * <p>Where the native library cannot load, Java code of the same library compresses instead: valid, but of other sizes.
 */
final class Lz4BlockCodec implements Codec {
    static final Lz4BlockCodec INSTANCE =
            new Lz4BlockCodec(NativeCode.available("lz4", Lz4NativeCompressor::isEnabled));

    private static final String WHAT = "lz4 block";

    private final ContextPool<io.airlift.compress.v3.Compressor> compressors;
    private final ContextPool<io.airlift.compress.v3.Decompressor> decompressors;

    /** @param nativeCode whether to use the native library or Java code */
    Lz4BlockCodec(boolean nativeCode) {
        compressors = new ContextPool<>(() -> nativeCode ? new Lz4NativeCompressor() : new Lz4JavaCompressor());
        decompressors = new ContextPool<>(() -> nativeCode ? new Lz4NativeDecompressor() : new Lz4JavaDecompressor());
    }

    @Override
    public Compression compression() {
        return Compression.LZ4_BLOCK;
    }

    /** Returns liblz4's bound. */
    @Override
    public int maxCompressedLength(int plainLength) {
        return Math.addExact(plainLength, plainLength / 255 + 16);
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
}
