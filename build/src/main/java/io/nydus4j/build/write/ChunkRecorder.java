package io.nydus4j.build.write;

import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.chunk.BatchContext;
import io.nydus4j.blob.chunk.ChunkInfo;
import io.nydus4j.blob.chunk.ChunkInfoFlags;
import io.nydus4j.blob.chunk.ChunkInfoWriter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Records in order where chunks are: in their files, in the blob's chunk information and among its chunk digests. Calls come one after the
 * other, when the stored sizes are known.
 */
final class ChunkRecorder {
    private final ChunkSettings settings;
    private final ChunkInfoWriter chunkInfo;
    private byte[] digests = new byte[0];
    private int digestsLength;
    private long compressedOffset;
    private long prefetchSize;

    ChunkRecorder(ChunkSettings settings) {
        this.settings = settings;
        this.chunkInfo = new ChunkInfoWriter(settings.features());
        this.compressedOffset = settings.blobOffset();
    }

    /**
     * Records what the steps say.
     *
     * @throws IOException if a value does not fit the format
     */
    void record(List<Step> steps) throws IOException {
        try {
            for (Step step : steps) {
                switch (step) {
                    case Step.Store store -> store(store);
                    case Step.Join join -> join(join);
                    case Step.Leave leave -> leave(leave);
                    case Step.Repeat repeat ->
                        repeat(repeat.chunk(), repeat.known().record());
                    case Step.Refer refer -> repeat(refer.chunk(), refer.elsewhere());
                    case Step.Flush flush -> flush(flush.batch());
                }
            }
        } catch (IllegalArgumentException e) {
            throw new IOException("the image does not fit its format: " + e.getMessage(), e);
        }
    }

    private void store(Step.Store store) {
        PendingChunk chunk = store.chunk();
        int flags = ChunkFlags.HAS_CRC32 | (chunk.compressed ? ChunkFlags.COMPRESSED : 0) | encryptedFlag();
        ChunkRecord record = new ChunkRecord(
                chunk.digest,
                chunk.blobIndex,
                flags,
                chunk.storedLength,
                chunk.length,
                compressedOffset,
                chunk.uncompressedOffset,
                fileOffset(chunk),
                chunk.index,
                chunk.crc32);
        keep(chunk, record, store.known());
        if (settings.chunkInfo()) {
            int infoFlags = ChunkInfoFlags.HAS_CRC32
                    | (chunk.compressed ? ChunkInfoFlags.COMPRESSED : 0)
                    | (settings.cipher().isPresent() ? ChunkInfoFlags.ENCRYPTED : 0);
            chunkInfo.add(new ChunkInfo(
                    chunk.uncompressedOffset,
                    chunk.length,
                    compressedOffset,
                    chunk.storedLength,
                    infoFlags,
                    Integer.toUnsignedLong(chunk.crc32)));
        }
        compressedOffset += chunk.storedLength;
        if (chunk.prefetch) {
            prefetchSize += chunk.storedLength;
        }
    }

    private void leave(Step.Leave leave) {
        PendingChunk chunk = leave.chunk();
        ChunkPlace place = Objects.requireNonNull(chunk.place, "a chunk without a place in its archive");
        ChunkRecord record = new ChunkRecord(
                chunk.digest,
                chunk.blobIndex,
                ChunkFlags.HAS_CRC32 | (place.zran() ? ChunkFlags.COMPRESSED : 0),
                place.size(),
                chunk.length,
                place.offset(),
                chunk.uncompressedOffset,
                fileOffset(chunk),
                chunk.index,
                chunk.crc32);
        keep(chunk, record, leave.known());
        chunkInfo.add(new ChunkInfo(
                chunk.uncompressedOffset,
                chunk.length,
                place.offset(),
                place.size(),
                place.zran() ? ChunkInfoFlags.COMPRESSED | ChunkInfoFlags.ZRAN : ChunkInfoFlags.HAS_CRC32,
                place.zran() ? place.context() : Integer.toUnsignedLong(chunk.crc32)));
    }

    private void join(Step.Join join) {
        PendingChunk chunk = join.chunk();
        ChunkRecord record = new ChunkRecord(
                chunk.digest,
                chunk.blobIndex,
                ChunkFlags.HAS_CRC32 | encryptedFlag(),
                0,
                chunk.length,
                0,
                chunk.uncompressedOffset,
                fileOffset(chunk),
                chunk.index,
                chunk.crc32);
        keep(chunk, record, join.known());
        int flags = ChunkInfoFlags.COMPRESSED
                | ChunkInfoFlags.BATCH
                | (settings.cipher().isPresent() ? ChunkInfoFlags.ENCRYPTED : 0);
        long data = ChunkInfo.contextData(join.batchIndex(), join.offsetInBatch());
        chunkInfo.add(new ChunkInfo(chunk.uncompressedOffset, chunk.length, compressedOffset, 0, flags, data));
    }

    private void repeat(PendingChunk chunk, ChunkRecord first) {
        chunk.node.chunks()[chunk.position] = first.atFileOffset(fileOffset(chunk));
    }

    private void flush(Batch batch) {
        chunkInfo.addBatch(new BatchContext(batch.storedLength, batch.length()));
        compressedOffset += batch.storedLength;
    }

    private void keep(PendingChunk chunk, ChunkRecord record, KnownChunk known) {
        known.setRecord(record);
        chunk.node.chunks()[chunk.position] = record;
        if (settings.chunkDigests()) {
            if (digestsLength + Digest.SIZE > digests.length) {
                digests = Arrays.copyOf(digests, Math.max(4096, digests.length + (digests.length >> 1)));
            }
            chunk.digest.write(MemorySegment.ofArray(digests), digestsLength);
            digestsLength += Digest.SIZE;
        }
    }

    private int encryptedFlag() {
        return settings.cipher().isPresent() ? ChunkFlags.ENCRYPTED : 0;
    }

    private long fileOffset(PendingChunk chunk) {
        return (long) chunk.position * settings.chunkSize();
    }

    /** Returns the chunk information so far. */
    ChunkInfoWriter chunkInfo() {
        return chunkInfo;
    }

    /** Returns the digests of the chunks in order, if they are wanted. */
    byte[] digests() {
        return Arrays.copyOf(digests, digestsLength);
    }

    /** Returns the stored bytes so far. */
    long storedSize() {
        return compressedOffset - settings.blobOffset();
    }

    /** Returns the stored bytes of files to be fetched first. */
    long prefetchSize() {
        return prefetchSize;
    }
}
