package io.nydus4j.blob.zran;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.GzipHeader;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Decompresses the part of a gzip file that one {@link ZranContext} covers, across members if need be.
 *
 * <p>Not safe for use by several threads. Holds native memory until it is closed.
 */
public final class ZranDecoder implements AutoCloseable {
    private static final String STRUCTURE = "zran context";

    private final Inflater inflater = new Inflater(true);

    /** Whether the decoder still reads the prefix and the stored bytes are to follow. */
    private boolean prefixed;

    /** Makes a decoder, to be closed by the caller. */
    public ZranDecoder() {}

    /**
     * Decompresses a context.
     *
     * @param context    says how to start
     * @param dictionary the window before the context, possibly empty
     * @param stored     the context's compressed bytes
     * @param plain      takes as many bytes as it has; at most the context's plain length
     * @throws RafsFormatException if the bytes are malformed, or hold fewer plain bytes
     */
    public void decode(ZranContext context, MemorySegment dictionary, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException {
        try {
            start(context, dictionary, stored);
            inflate(stored, plain);
        } catch (RafsFormatException e) {
            // A context may start behind the last block of a member, where no decoder can: go on behind its trailer and
            // the next header.
            if (context.bitCount() != 0 || !GzipHeader.startsAt(stored, GzipHeader.TRAILER_SIZE)) {
                throw e;
            }
            startMember(stored, GzipHeader.TRAILER_SIZE);
            inflate(stored, plain);
        } finally {
            // Lets go of the caller's memory.
            inflater.reset();
        }
    }

    private void start(ZranContext context, MemorySegment dictionary, MemorySegment stored) throws RafsFormatException {
        inflater.reset();
        prefixed = context.bitCount() > 0;
        try {
            if (dictionary.byteSize() > 0) {
                inflater.setDictionary(dictionary.asByteBuffer());
            }
        } catch (IllegalArgumentException e) {
            throw broken(e);
        }
        if (prefixed) {
            inflater.setInput(BitPrefix.of(8 - context.bitCount(), context.bitByte()));
        } else {
            inflater.setInput(stored.asByteBuffer());
        }
    }

    /** Starts behind the header of the member at {@code offset}, with an empty window. */
    private void startMember(MemorySegment stored, long offset) throws RafsFormatException {
        long start = GzipHeader.end(stored, offset);
        inflater.reset();
        inflater.setInput(stored.asSlice(start).asByteBuffer());
    }

    private void inflate(MemorySegment stored, MemorySegment plain) throws RafsFormatException {
        ByteBuffer target = plain.asByteBuffer();
        try {
            while (target.hasRemaining()) {
                int count = inflater.inflate(target);
                if (inflater.finished() && target.hasRemaining()) {
                    startMember(stored, stored.byteSize() - inflater.getRemaining() + GzipHeader.TRAILER_SIZE);
                } else if (count == 0 && prefixed && inflater.needsInput()) {
                    prefixed = false;
                    inflater.setInput(stored.asByteBuffer());
                } else if (count == 0 && (inflater.needsInput() || inflater.needsDictionary())) {
                    throw new RafsFormatException(
                            STRUCTURE, -1, "expected " + plain.byteSize() + " plain bytes, found " + target.position());
                }
            }
        } catch (DataFormatException e) {
            throw broken(e);
        }
    }

    private static RafsFormatException broken(Exception cause) {
        return new RafsFormatException(STRUCTURE, -1, "cannot be decompressed: " + cause.getMessage(), cause);
    }

    /** Frees the native memory. */
    @Override
    public void close() {
        inflater.end();
    }
}
