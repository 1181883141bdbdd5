package io.nydus4j.blob.codec;

import io.airlift.compress.v3.Compressor;
import io.airlift.compress.v3.Decompressor;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;

/**
 * A format that aircompressor reads and writes, by the native library in it or, where that cannot load, by its Java code; what Java
 * code compresses is valid, but of other sizes.
 */
abstract sealed class AirliftCodec implements Codec permits Lz4BlockCodec, ZstdCodec {
    private final Compression compression;
    private final String what;
    private final ContextPool<Compressor> compressors;
    private final ContextPool<Decompressor> decompressors;

    /** @param what names the format in messages about bad bytes */
    AirliftCodec(
            Compression compression,
            String what,
            Supplier<Compressor> compressors,
            Supplier<Decompressor> decompressors) {
        this.compression = compression;
        this.what = what;
        this.compressors = new ContextPool<>(compressors);
        this.decompressors = new ContextPool<>(decompressors);
    }

    @Override
    public final Compression compression() {
        return compression;
    }

    @Override
    public final int compress(MemorySegment plain, MemorySegment target) {
        int length = Math.toIntExact(plain.byteSize());
        if (length == 0) {
            return STORED;
        }
        int room = maxCompressedLength(length);
        Malformed.checkRoom(target.byteSize(), room);
        Compressor compressor = compressors.take();
        int compressed = compressor.compress(plain, target);
        compressors.giveBack(compressor);
        return compressed < length ? compressed : STORED;
    }

    @Override
    public final void decompress(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        if (plain.byteSize() == 0) {
            throw new RafsFormatException(what, -1, "stands for no plain bytes");
        }
        Decompressor decompressor = decompressors.take();
        int found;
        try {
            found = decompressor.decompress(stored, plain);
        } catch (RuntimeException e) { // there are several ways in which decompressors say that data is broken
            throw Malformed.data(what, String.valueOf(e.getMessage()), e);
        }
        decompressors.giveBack(decompressor);
        if (found != plain.byteSize()) {
            throw Malformed.wrongLength(what, plain.byteSize(), found);
        }
    }
}
