package io.nydus4j.blob.codec;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * gzip, read only: chunks of old images and of stargz layers.
 *
 * <p>Takes as many plain bytes as it is asked for from the first member and ignores the rest, the member's checksum included, for the
 * stored sizes of stargz chunks are estimates. Images made today never compress with it.
 */
final class GzipCodec implements Codec {
    static final GzipCodec INSTANCE = new GzipCodec();

    private static final String WHAT = "gzip data";

    private final ContextPool<Inflater> inflaters = new ContextPool<>(() -> new Inflater(true));

    private GzipCodec() {}

    @Override
    public Compression compression() {
        return Compression.GZIP;
    }

    @Override
    public int maxCompressedLength(int plainLength) {
        return 0;
    }

    @Override
    public int compress(MemorySegment plain, MemorySegment target) {
        throw new UnsupportedOperationException("chunks are not compressed with gzip");
    }

    @Override
    public void decompress(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        long start = GzipHeader.end(stored, 0);
        Inflater inflater = inflaters.take();
        try {
            inflater.reset();
            inflater.setInput(stored.asSlice(start).asByteBuffer());
            ByteBuffer target = plain.asByteBuffer();
            while (target.hasRemaining()) {
                if (inflater.inflate(target) == 0
                        && (inflater.finished() || inflater.needsInput() || inflater.needsDictionary())) {
                    throw Malformed.wrongLength(WHAT, plain.byteSize(), target.position());
                }
            }
        } catch (DataFormatException e) {
            throw Malformed.data(WHAT, String.valueOf(e.getMessage()), e);
        } finally {
            // Reset, or else the idle inflater would keep the caller's memory.
            inflater.reset();
            if (!inflaters.giveBack(inflater)) {
                inflater.end();
            }
        }
    }
}
