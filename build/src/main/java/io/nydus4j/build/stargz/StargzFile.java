package io.nydus4j.build.stargz;

import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The data of a regular file while a table of contents is read: its chunks, in the order of the list. */
final class StargzFile {
    private static final int MAX_CHUNKS = 1 << 24;

    private final EntryLabel label;
    private final long size;
    private final List<StargzChunk> chunks = new ArrayList<>(1);
    private boolean open;
    private boolean kept;

    /**
     * Makes a file without data yet.
     *
     * @param label that of its first entry
     * @param size  its length, in bytes
     */
    StargzFile(EntryLabel label, long size) {
        this.label = label;
        this.size = size;
    }

    /** Returns the length of the file, in bytes. */
    long size() {
        return size;
    }

    boolean isEmpty() {
        return chunks.isEmpty();
    }

    void add(StargzChunk chunk) {
        chunks.add(chunk);
    }

    /** Tells whether the last chunk is still to come, of a file that has several. */
    boolean isOpen() {
        return open;
    }

    void setOpen(boolean newOpen) {
        open = newOpen;
    }

    /** Tells whether the file is part of the finished tree. */
    boolean isKept() {
        return kept;
    }

    /** Says that the file is part of the finished tree. */
    void keep() {
        kept = true;
    }

    /**
     * Refuses a file whose chunks are not one behind the other from its start to its end, and sorts them so.
     *
     * @throws RafsFormatException if they are not
     */
    void check() throws RafsFormatException {
        if (chunks.size() > MAX_CHUNKS) {
            throw label.broken("stargz file has too many chunks, " + chunks.size());
        }
        chunks.sort(Comparator.comparingLong(StargzChunk::fileOffset));
        long end = 0;
        for (StargzChunk chunk : chunks) {
            if (chunk.fileOffset() != end) {
                throw label.broken(
                        end == 0
                                ? "stargz first chunk does not start at 0, but at "
                                        + Long.toUnsignedString(chunk.fileOffset())
                                : "stargz has gaps between chunks: one ends at " + end + ", the next starts at "
                                        + chunk.fileOffset());
            }
            end += chunk.length();
        }
        if (end != size()) {
            throw label.broken("stargz file size and sum of chunk size doesn't match: " + Long.toUnsignedString(size())
                    + " and " + end);
        }
    }

    /** Returns where the chunks lie, in file order; all of them have been placed. */
    ChunkRecord[] records() {
        return chunks.stream().map(StargzChunk::record).toArray(ChunkRecord[]::new);
    }
}
