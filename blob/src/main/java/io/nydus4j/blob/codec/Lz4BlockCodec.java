package io.nydus4j.blob.codec;

import io.airlift.compress.v3.lz4.Lz4JavaCompressor;
import io.airlift.compress.v3.lz4.Lz4JavaDecompressor;
import io.airlift.compress.v3.lz4.Lz4NativeCompressor;
import io.airlift.compress.v3.lz4.Lz4NativeDecompressor;
import io.nydus4j.blob.Compression;

/**
 * Raw LZ4 blocks without a size in front, as {@code LZ4_compress_default} of liblz4 1.10.0 makes them, so that the bytes equal the
 * reference's.
 */
final class Lz4BlockCodec extends AirliftCodec {
    static final Lz4BlockCodec INSTANCE =
            new Lz4BlockCodec(NativeCode.available("lz4", Lz4NativeCompressor::isEnabled));

    /** @param nativeCode whether to use the native library or Java code */
    Lz4BlockCodec(boolean nativeCode) {
        super(
                Compression.LZ4_BLOCK,
                "lz4 block",
                () -> nativeCode ? new Lz4NativeCompressor() : new Lz4JavaCompressor(),
                () -> nativeCode ? new Lz4NativeDecompressor() : new Lz4JavaDecompressor());
    }

    /** Returns liblz4's bound. */
    @Override
    public int maxCompressedLength(int plainLength) {
        return Math.addExact(plainLength, plainLength / 255 + 16);
    }
}
