package io.nydus4j.build.read;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkDecoder;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import io.nydus4j.blob.chunk.ChunkVerifier;
import io.nydus4j.build.read.StoredBlobs.StoredBlob;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads chunks of an image and verifies them. Keeps the batch or context that it decoded last, for its members come one behind the other.
 * Not safe for use by several threads: each has one.
 */
public final class ChunkReader implements AutoCloseable {
    private static final int MAX_CHUNK = 1 << 24;

    private final StoredBlobs blobs;
    private final @Nullable ChunkDecoder[] decoders;
    private final @Nullable ChunkVerifier[] verifiers;
    private byte[] stored = new byte[0];
    private byte[] plain = new byte[0];

    /** The decoded unit in {@link #plain}, as blob index and first chunk; -1 for none. */
    private int unitBlob = -1;

    private int unitStart = -1;

    /** The stored bytes of the chunk that was read last, if they are its own and not encrypted, with what they are compressed by. */
    private @Nullable MemorySegment lastStored;

    private Compression lastCompression = Compression.NONE;

    /** Makes a reader, to be closed by the caller. */
    public ChunkReader(StoredBlobs blobs) {
        this.blobs = blobs;
        decoders = new ChunkDecoder[blobs.size()];
        verifiers = new ChunkVerifier[blobs.size()];
    }

    /**
     * Returns the plain bytes of a chunk, verified by what its record has: CRC, digest or both. May block on the network.
     *
     * @return bytes that are valid until the next call
     * @throws IOException if they cannot be read, or are not what the record says
     */
    public MemorySegment read(ChunkRecord chunk) throws IOException {
        int index = chunk.blobIndex();
        if (index < 0 || index >= blobs.size()) {
            throw broken(chunk, "expected one of " + blobs.size() + " blobs, found blob " + index);
        }
        int length = chunk.uncompressedSize();
        if (length < 0 || length > MAX_CHUNK) {
            throw broken(
                    chunk, "expected at most " + MAX_CHUNK + " plain bytes, found " + Integer.toUnsignedString(length));
        }
        StoredBlob blob = blobs.get(index);
        lastStored = null;
        MemorySegment bytes =
                blob.table().isPresent() ? member(blob, blob.table().get(), chunk) : single(blob, chunk);
        verify(blob.info(), chunk, bytes);
        return bytes;
    }

    private MemorySegment single(StoredBlob blob, ChunkRecord chunk) throws IOException {
        int size = chunk.compressedSize();
        boolean compressed = chunk.has(ChunkFlags.COMPRESSED);
        boolean sized = compressed || chunk.has(ChunkFlags.ENCRYPTED) || size == chunk.uncompressedSize();
        if (size < 0 || size > 2 * MAX_CHUNK || !sized) {
            throw broken(chunk, "stored size " + Integer.toUnsignedString(size) + " is impossible");
        }
        long start = chunk.compressedOffset();
        long dataSize = blob.data().size();
        if (start < 0 || start > dataSize) {
            throw broken(chunk, "starts past the end of its blob, " + dataSize);
        }
        // The stored size of old stargz chunks is an estimate that may pass the end.
        boolean estimated = compressed && blob.info().hasEstimatedChunks();
        int stop = estimated ? (int) Math.min(size, dataSize - start) : size;
        MemorySegment input = readStored(blob, start, stop);
        unitBlob = -1;
        MemorySegment output = room(chunk.uncompressedSize());
        decoder(blob).decode(chunk, input, output);
        if (!chunk.has(ChunkFlags.ENCRYPTED)) {
            lastStored = input;
            lastCompression = compressed ? blob.info().compression() : Compression.NONE;
        }
        return output;
    }

    /**
     * Returns the chunk that was read last as it is stored, if it can be stored so in a blob whose chunks are compressed by {@code
     * compression} or not at all.
     *
     * @return bytes that are valid until the next call; empty if they are not the chunk's own, are encrypted or compressed otherwise
     */
    public Optional<MemorySegment> stored(Compression compression) {
        boolean fits = lastCompression == Compression.NONE || lastCompression == compression;
        return fits ? Optional.ofNullable(lastStored) : Optional.empty();
    }

    /** Reads a chunk that is compressed together with others. */
    private MemorySegment member(StoredBlob blob, ChunkInfoTable table, ChunkRecord chunk) throws IOException {
        int index = chunk.index();
        if (index < 0 || index >= table.size() || table.uncompressedSize(index) != chunk.uncompressedSize()) {
            throw broken(chunk, "does not agree with the chunk information of its blob");
        }
        int start = table.unitStart(index);
        int unitSize = table.unitUncompressedSize(index);
        if (unitBlob != chunk.blobIndex() || unitStart != start) {
            unitBlob = -1;
            MemorySegment input = readStored(blob, table.unitOffset(index), table.unitCompressedSize(index));
            decoder(blob).decodeUnit(table, index, input, room(unitSize));
            unitBlob = chunk.blobIndex();
            unitStart = start;
        }
        boolean together = table.isBatch(index) || table.isZran(index);
        return MemorySegment.ofArray(plain)
                .asSlice(together ? table.offsetInContext(index) : 0, chunk.uncompressedSize());
    }

    private MemorySegment readStored(StoredBlob blob, long offset, int length) throws IOException {
        if (stored.length < length) {
            stored = new byte[length];
        }
        blob.data().readFully(offset, ByteBuffer.wrap(stored, 0, length));
        return MemorySegment.ofArray(stored).asSlice(0, length);
    }

    private MemorySegment room(int length) {
        if (plain.length < length) {
            plain = new byte[length];
        }
        return MemorySegment.ofArray(plain).asSlice(0, length);
    }

    private void verify(BlobInfo blob, ChunkRecord chunk, MemorySegment bytes) throws IOException {
        ChunkVerifier verifier = verifiers[chunk.blobIndex()];
        if (verifier == null) {
            verifier = new ChunkVerifier(blob.effectiveId(), blob.digestAlgorithm());
            verifiers[chunk.blobIndex()] = verifier;
        }
        if (chunk.has(ChunkFlags.HAS_CRC32)) {
            verifier.checkCrc32(chunk.index(), chunk.crc32(), bytes);
        }
        if (chunk.hasContentDigest()) {
            verifier.checkDigest(chunk.index(), chunk.digest(), bytes);
        }
    }

    private ChunkDecoder decoder(StoredBlob blob) throws RafsFormatException {
        int index = blob.info().index();
        ChunkDecoder decoder = decoders[index];
        if (decoder == null) {
            decoder = ChunkDecoder.of(blob.info());
            decoders[index] = decoder;
        }
        return decoder;
    }

    private static RafsFormatException broken(ChunkRecord chunk, String problem) {
        return new RafsFormatException("chunk " + Integer.toUnsignedString(chunk.index()), -1, problem);
    }

    @Override
    public void close() {
        for (ChunkDecoder decoder : decoders) {
            if (decoder != null) {
                decoder.close();
            }
        }
    }
}
