package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkFlags;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkDecoder;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The chunks of a blob that a bootstrap tells of, sorted: for RAFS v5, whose blobs have no chunk information. An image may know only some
 * of a blob's chunks; what another image knows is added by {@link #merge}.
 */
final class RecordIndex implements ChunkIndex {
    /** Longest chunk, plain, in bytes. */
    private static final int MAX_CHUNK = 1 << 24;
    /** What compression and encryption may add to a chunk, in bytes. */
    private static final int SLACK = 1 << 20;
    /** End of the uncompressed address space of a blob whose size is not known, in bytes. */
    private static final long MAX_SIZE = 1L << 48;

    private final String blobId;
    private final int[] indexes;
    private final long[] starts;
    private final int[] lengths;
    private final long[] storedOffsets;
    private final int[] storedLengths;
    private final byte[] flags;
    private boolean padded;
    private boolean gapless;

    private RecordIndex(String blobId, boolean padded, int size) {
        this.blobId = blobId;
        this.padded = padded;
        indexes = new int[size];
        starts = new long[size];
        lengths = new int[size];
        storedOffsets = new long[size];
        storedLengths = new int[size];
        flags = new byte[size];
    }

    /**
     * Makes an index.
     *
     * @param blob    what the image says of the blob
     * @param records the image's chunks of this blob, in any order, each as often as it likes
     * @throws RafsFormatException if two of them contradict each other, or one does not lie in the blob
     */
    static RecordIndex of(BlobInfo blob, List<ChunkRecord> records) throws RafsFormatException {
        List<ChunkRecord> sorted = new ArrayList<>(records);
        sorted.sort(Comparator.comparingLong(ChunkRecord::uncompressedOffset));
        List<ChunkRecord> distinct = new ArrayList<>();
        ChunkRecord last = null;
        for (ChunkRecord record : sorted) {
            check(blob, record);
            if (last != null && last.uncompressedOffset() == record.uncompressedOffset()) {
                checkSame(blob.id(), last, record);
                continue;
            }
            if (last != null && last.uncompressedOffset() + last.uncompressedSize() > record.uncompressedOffset()) {
                throw broken(blob.id(), record.index(), "overlaps chunk " + last.index());
            }
            distinct.add(record);
            last = record;
        }
        RecordIndex index = new RecordIndex(blob.id(), blob.features().has(BlobFeatures.ALIGNED), distinct.size());
        for (int i = 0; i < distinct.size(); i++) {
            ChunkRecord record = distinct.get(i);
            index.put(
                    i,
                    record.index(),
                    record.uncompressedOffset(),
                    record.uncompressedSize(),
                    record.compressedOffset(),
                    record.compressedSize(),
                    (byte) record.flags());
        }
        index.finish();
        return index;
    }

    private void put(int i, int index, long start, int length, long storedOffset, int storedLength, byte flag) {
        indexes[i] = index;
        starts[i] = start;
        lengths[i] = length;
        storedOffsets[i] = storedOffset;
        storedLengths[i] = storedLength;
        flags[i] = flag;
    }

    private static void check(BlobInfo blob, ChunkRecord record) throws RafsFormatException {
        int limit = blob.chunkCount() == 0 ? ChunkChecks.MAX_CHUNKS : blob.chunkCount();
        long size = blob.uncompressedSize() == 0 ? MAX_SIZE : blob.uncompressedSize();
        long stored = blob.compressedDataSize() == 0 ? MAX_SIZE : blob.compressedDataSize();
        if (record.index() < 0 || record.index() >= limit) {
            throw broken(blob.id(), record.index(), "the blob has " + limit + " chunks");
        }
        if (record.uncompressedSize() < 1
                || record.uncompressedSize() > MAX_CHUNK
                || record.uncompressedOffset() < 0
                || record.uncompressedOffset() > size - record.uncompressedSize()) {
            throw broken(
                    blob.id(),
                    record.index(),
                    Integer.toUnsignedLong(record.uncompressedSize()) + " plain bytes at " + record.uncompressedOffset()
                            + " do not lie in " + size);
        }
        if (record.compressedSize() < 1
                || record.compressedSize() > MAX_CHUNK + SLACK
                || record.compressedOffset() < 0
                || record.compressedOffset() > stored - record.compressedSize()) {
            throw broken(
                    blob.id(),
                    record.index(),
                    Integer.toUnsignedLong(record.compressedSize()) + " stored bytes at " + record.compressedOffset()
                            + " do not lie in " + stored);
        }
        if (record.has(ChunkFlags.BATCH)) {
            throw broken(blob.id(), record.index(), "is in a batch, which needs chunk information");
        }
    }

    private static void checkSame(String blobId, ChunkRecord one, ChunkRecord other) throws RafsFormatException {
        if (one.index() != other.index()
                || one.uncompressedSize() != other.uncompressedSize()
                || one.compressedOffset() != other.compressedOffset()
                || one.compressedSize() != other.compressedSize()
                || (byte) one.flags() != (byte) other.flags()
                || !one.digest().equals(other.digest())) {
            throw broken(
                    blobId,
                    other.index(),
                    "two files say different things of the chunk at " + other.uncompressedOffset());
        }
    }

    private void finish() throws RafsFormatException {
        int most = -1;
        for (int index : indexes) {
            most = Math.max(most, index);
        }
        ReadyBits seen = new ReadyBits(most + 1);
        for (int index : indexes) {
            if (!seen.set(index)) {
                throw broken(blobId, index, "two chunks have this index");
            }
        }
        // Whatever the image says: what is behind a chunk is another's then.
        padded = padded && Arrays.stream(starts).allMatch(start -> start % PAGE == 0);
        gapless = ChunkIndex.isGapless(this);
    }

    /**
     * Returns an index of the chunks of both.
     *
     * @throws RafsFormatException if they contradict each other
     */
    RecordIndex merge(RecordIndex other) throws RafsFormatException {
        int size = 0;
        int i = 0;
        int j = 0;
        if (padded && !other.padded && other.size() > 0) {
            throw broken(blobId, other.indexes[0], "two images say different things of where chunks may start");
        }
        RecordIndex merged = new RecordIndex(blobId, padded, countOfBoth(other));
        while (i < size() || j < other.size()) {
            boolean takesThis = j == other.size() || i < size() && starts[i] <= other.starts[j];
            boolean takesOther = i == size() || j < other.size() && other.starts[j] <= starts[i];
            if (takesThis && takesOther && !sameChunk(i, other, j)) {
                throw broken(blobId, other.indexes[j], "two images say different things of the chunk at " + starts[i]);
            }
            merged.copy(size, takesThis ? this : other, takesThis ? i : j);
            if (size > 0 && merged.end(size - 1) > merged.starts[size]) {
                throw broken(blobId, merged.indexes[size], "overlaps a chunk that another image has");
            }
            size++;
            i += takesThis ? 1 : 0;
            j += takesOther ? 1 : 0;
        }
        merged.finish();
        return merged;
    }

    private int countOfBoth(RecordIndex other) {
        int count = 0;
        int i = 0;
        int j = 0;
        while (i < size() || j < other.size()) {
            boolean takesThis = j == other.size() || i < size() && starts[i] <= other.starts[j];
            boolean takesOther = i == size() || j < other.size() && other.starts[j] <= starts[i];
            i += takesThis ? 1 : 0;
            j += takesOther ? 1 : 0;
            count++;
        }
        return count;
    }

    private boolean sameChunk(int i, RecordIndex other, int j) {
        return indexes[i] == other.indexes[j]
                && lengths[i] == other.lengths[j]
                && storedOffsets[i] == other.storedOffsets[j]
                && storedLengths[i] == other.storedLengths[j]
                && flags[i] == other.flags[j];
    }

    private void copy(int position, RecordIndex from, int fromPosition) {
        put(
                position,
                from.indexes[fromPosition],
                from.starts[fromPosition],
                from.lengths[fromPosition],
                from.storedOffsets[fromPosition],
                from.storedLengths[fromPosition],
                from.flags[fromPosition]);
    }

    @Override
    public int size() {
        return indexes.length;
    }

    @Override
    public int indexInBlob(int position) {
        return indexes[position];
    }

    @Override
    public long start(int position) {
        return starts[position];
    }

    @Override
    public int length(int position) {
        return lengths[position];
    }

    @Override
    public boolean padded() {
        return padded;
    }

    @Override
    public boolean gapless() {
        return gapless;
    }

    @Override
    public int unitFirst(int position) {
        return position;
    }

    @Override
    public int unitLast(int position) {
        return position;
    }

    @Override
    public long unitOffset(int position) {
        return storedOffsets[position];
    }

    @Override
    public int unitStoredSize(int position) {
        return storedLengths[position];
    }

    @Override
    public int unitPlainSize(int position) {
        return lengths[position];
    }

    @Override
    public int offsetInUnit(int position) {
        return 0;
    }

    @Override
    public void decodeUnit(ChunkDecoder decoder, int position, MemorySegment stored, MemorySegment plain)
            throws RafsFormatException {
        decoder.decode(
                (flags[position] & ChunkFlags.COMPRESSED) != 0,
                (flags[position] & ChunkFlags.ENCRYPTED) != 0,
                stored,
                plain);
    }

    private static RafsFormatException broken(String blobId, int index, String problem) {
        return new RafsFormatException("chunk " + Integer.toUnsignedString(index) + " of blob " + blobId, -1, problem);
    }
}
