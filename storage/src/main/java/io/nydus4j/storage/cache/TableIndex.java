package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkDecoder;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import java.lang.foreign.MemorySegment;

/** The chunks that a blob's own chunk information tells of. Positions are indexes. */
final class TableIndex implements ChunkIndex {
    private final ChunkInfoTable table;
    private final boolean gapless;

    /**
     * Makes an index of all chunks of a blob.
     *
     * @param table its memory stays alive as long as the index is used
     * @throws RafsFormatException if a chunk lies outside the blob, or before the one in front of it
     */
    TableIndex(ChunkInfoTable table, BlobInfo blob) throws RafsFormatException {
        this.table = table;
        long end = 0;
        for (int i = 0; i < table.size(); i++) {
            if (table.uncompressedOffset(i) < end || table.uncompressedEnd(i) > blob.uncompressedSize()) {
                throw new RafsFormatException(
                        "chunk " + i + " of blob " + blob.id(),
                        -1,
                        "bytes " + table.uncompressedOffset(i) + " to " + table.uncompressedEnd(i)
                                + " do not lie behind " + end + " in " + blob.uncompressedSize());
            }
            end = table.uncompressedEnd(i);
        }
        gapless = ChunkIndex.isGapless(this);
    }

    ChunkInfoTable table() {
        return table;
    }

    @Override
    public int size() {
        return table.size();
    }

    @Override
    public int indexInBlob(int position) {
        return position;
    }

    @Override
    public long start(int position) {
        return table.uncompressedOffset(position);
    }

    @Override
    public int length(int position) {
        return table.uncompressedSize(position);
    }

    @Override
    public boolean padded() {
        return true;
    }

    @Override
    public boolean gapless() {
        return gapless;
    }

    @Override
    public int unitFirst(int position) {
        return table.unitStart(position);
    }

    @Override
    public int unitLast(int position) {
        return table.unitEnd(position) - 1;
    }

    @Override
    public long unitOffset(int position) {
        return table.unitOffset(position);
    }

    @Override
    public int unitStoredSize(int position) {
        return table.unitCompressedSize(position);
    }

    @Override
    public int unitPlainSize(int position) {
        return table.unitUncompressedSize(position);
    }

    @Override
    public int offsetInUnit(int position) {
        return table.isBatch(position) || table.isZran(position) ? table.offsetInContext(position) : 0;
    }

    @Override
    public void decodeUnit(ChunkDecoder decoder, int position, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException {
        decoder.decodeUnit(table, position, stored, plain);
    }
}
