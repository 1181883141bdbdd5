package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobDigestException;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkDecoder;
import io.nydus4j.blob.chunk.ChunkVerifier;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** What one thread needs to decode and check chunks of one blob. For one thread at a time. */
final class DecodeWorker implements AutoCloseable {
    private final ChunkDecoder decoder;
    private final ChunkVerifier verifier;
    private NativeBuffers.@Nullable Buffer buffer;
    private int capacity;

    /**
     * Makes a worker for a blob.
     *
     * @throws RafsFormatException if the blob is encrypted in a way that cannot be read
     */
    DecodeWorker(BlobInfo blob) throws RafsFormatException {
        this.decoder = ChunkDecoder.of(blob);
        this.verifier = new ChunkVerifier(blob.effectiveId(), blob.digestAlgorithm());
    }

    /** Returns room for {@code size} plain bytes, valid until the worker is used again. */
    MemorySegment plain(int size) {
        NativeBuffers.Buffer current = buffer;
        if (current == null || capacity < size) {
            release();
            current = NativeBuffers.SHARED.take(size);
            buffer = current;
            capacity = size;
        }
        return current.bytes(size);
    }

    /** Returns the plain bytes of the decoding unit of a chunk, valid until the worker is used again. */
    MemorySegment decode(ChunkIndex index, int position, MemorySegment stored) throws RafsFormatException {
        MemorySegment plain = plain(index.unitPlainSize(position));
        index.decodeUnit(decoder, position, stored, plain);
        return plain;
    }

    /**
     * Checks a chunk.
     *
     * @throws BlobDigestException if its bytes are not what they should be
     * @throws RafsFormatException if nobody can say what they should be
     */
    void check(ChunkChecks checks, int indexInBlob, MemorySegment plain)
            throws BlobDigestException, RafsFormatException {
        checks.check(verifier, indexInBlob, plain);
    }

    /** Gives the room back; the worker may be used again. */
    void release() {
        NativeBuffers.Buffer current = buffer;
        if (current != null) {
            current.close();
            buffer = null;
            capacity = 0;
        }
    }

    @Override
    public void close() {
        release();
        decoder.close();
    }
}
