package io.nydus4j.build.stargz;

import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.build.write.BlobTable;
import io.nydus4j.build.write.ChunkDictionary;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives the chunks of a layer their places: where they lie in the layer, and in the uncompressed address space. To be used once.
 *
 * <p>A table of contents tells where a chunk starts, not where it ends. So its stored size is an upper bound: up to where the next one
 * starts, and no more than data of its length may become.
 */
final class ChunkPlacement {
    private static final System.Logger LOG = System.getLogger(ChunkPlacement.class.getName());

    private static final int MAX_CHUNKS = 0xFF_FFFF;
    private static final long MAX_STORED = 0x100_0000;
    private static final long PAGE = 4096;

    private final StargzLayout layout;
    private final ChunkDictionary dictionary;
    private final BlobTable table;
    private final Map<Digest, ChunkRecord> known = new HashMap<>();
    private final List<ChunkRecord> records = new ArrayList<>();
    private boolean warnedOfSharing;
    private long plainCursor;
    private long plainEnd;
    private long storedEnd;

    /** Prepares to place chunks of which {@code dictionary} knows some, in a blob whose index {@code table} gives. */
    ChunkPlacement(StargzLayout layout, ChunkDictionary dictionary, BlobTable table) {
        this.layout = layout;
        this.dictionary = dictionary;
        this.table = table;
    }

    /**
     * Places all chunks.
     *
     * @param chunks those of all files, in the order of the list
     * @throws RafsFormatException if they do not lie one behind the other in the layer
     * @throws IOException         if the image cannot have so many blobs
     */
    StargzBlob place(List<StargzChunk> chunks) throws IOException {
        for (int i = 0; i < chunks.size(); i++) {
            StargzChunk chunk = chunks.get(i);
            if (chunk.innerOffset() != 0) {
                refuseShared(chunk);
            }
            boolean last = i + 1 == chunks.size();
            long window =
                    window(chunk, last ? layout.layerSize() : chunks.get(i + 1).layerOffset());
            ChunkRecord equal = chunk.hasContentDigest() ? dictionary.find(chunk.digest(), chunk.length()) : null;
            if (equal == null && chunk.hasContentDigest()) {
                equal = known.get(chunk.digest());
            }
            if (equal != null && equal.uncompressedSize() != chunk.length()) {
                throw chunk.label().broken("has the digest of a chunk of another length: " + chunk.digest());
            }
            chunk.place(equal != null ? equal : store(chunk, window));
        }
        long end = layout.aligned() ? roundUp(plainEnd) : plainEnd;
        return new StargzBlob(records, layout.version6() ? roundUp(end) : plainEnd, storedEnd);
    }

    private static long roundUp(long offset) {
        return offset + PAGE - 1 & -PAGE;
    }

    /** Returns the stored bytes from a chunk's start that hold all of it. */
    private long window(StargzChunk chunk, long next) throws RafsFormatException {
        if (Long.compareUnsigned(chunk.layerOffset(), next) >= 0) {
            throw chunk.label()
                    .broken("stargz compressed offset is out of order: " + Long.toUnsignedString(chunk.layerOffset())
                            + ", what follows is at " + Long.toUnsignedString(next)
                            + (next == chunk.layerOffset() ? "; " + sharing() : ""));
        }
        long gap = next - chunk.layerOffset();
        if (Long.compareUnsigned(gap, MAX_STORED) > 0) {
            throw chunk.label()
                    .broken("stargz compressed size is too big: " + Long.toUnsignedString(gap)
                            + " bytes up to what follows");
        }
        return Math.min(gap, bound(chunk.length()));
    }

    /**
     * Refuses a chunk that does not start where its compressed data does and has no digest, for nobody would notice that other bytes are
     * taken for it. With a digest its readers get an error, of which this warns once.
     */
    private void refuseShared(StargzChunk chunk) throws RafsFormatException {
        String problem = "its data starts " + Long.toUnsignedString(chunk.innerOffset())
                + " bytes into what is decompressed (innerOffset); " + sharing();
        if (!chunk.hasContentDigest()) {
            throw chunk.label().broken(problem);
        }
        if (!warnedOfSharing) {
            warnedOfSharing = true;
            LOG.log(
                    System.Logger.Level.WARNING,
                    "stargz: {0}",
                    chunk.label().broken(problem).getMessage());
        }
    }

    /** Says what can be done about several files in one compressed piece, see {@link StargzContents}. */
    private String sharing() {
        return "files that share compressed data cannot be told apart in an image, use --type "
                + (layout.compression() == Compression.GZIP ? "estargz-ref" : "targz-rafs");
    }

    private long bound(int length) {
        return switch (layout.compression()) {
            // Header, trailer, final block, a header for each block, and some slack.
            case GZIP -> length + 10 + 8 + 5 + 5L * (length / 16384) + 128;
            // The last block of a chunk may hold as much of what follows in the archive.
            case ZSTD -> length + (length >> 8) + (256L << 10);
            case NONE, LZ4_BLOCK -> throw new IllegalArgumentException("no layer: " + layout.compression());
        };
    }

    private ChunkRecord store(StargzChunk chunk, long window) throws IOException {
        if (records.size() == MAX_CHUNKS) {
            throw chunk.label().broken("the number of chunks in blob exceeds the u32 limit");
        }
        ChunkRecord record = new ChunkRecord(
                chunk.digest(),
                table.newBlobIndex(),
                ChunkFlags.COMPRESSED,
                (int) window,
                chunk.length(),
                chunk.layerOffset(),
                plainCursor,
                chunk.fileOffset(),
                records.size(),
                chunk.hasContentDigest() ? 0 : ChunkRecord.NAMED);
        if (chunk.hasContentDigest()) {
            known.put(record.digest(), record);
        }
        records.add(record);
        plainEnd = plainCursor + chunk.length();
        plainCursor = layout.aligned() ? roundUp(plainEnd) : plainEnd;
        storedEnd = Math.max(storedEnd, chunk.layerOffset() + window);
        return record;
    }
}
