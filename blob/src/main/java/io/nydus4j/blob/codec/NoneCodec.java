package io.nydus4j.blob.codec;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;

/** No compression: every chunk is stored as it is. */
final class NoneCodec implements Codec {
    static final NoneCodec INSTANCE = new NoneCodec();

    private NoneCodec() {}

    @Override
    public Compression compression() {
        return Compression.NONE;
    }

    @Override
    public int maxCompressedLength(int plainLength) {
        return 0;
    }

    @Override
    public int compress(MemorySegment plain, MemorySegment target) {
        return STORED;
    }

    @Override
    public void decompress(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        if (stored.byteSize() != plain.byteSize()) {
            throw Malformed.wrongLength("plain data", plain.byteSize(), stored.byteSize());
        }
        plain.copyFrom(stored);
    }
}
