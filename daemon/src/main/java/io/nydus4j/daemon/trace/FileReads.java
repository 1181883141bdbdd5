package io.nydus4j.daemon.trace;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** What was read of one file. Safe for use by several threads. */
final class FileReads {
    private final long ino;
    private final long firstMicros;
    /** Guarded by this, as are the numbers below. */
    private final BitSet chunks = new BitSet();

    private long reads;
    private long bytes;
    private long waitMicros;

    FileReads(long ino, long firstMicros) {
        this.ino = ino;
        this.firstMicros = firstMicros;
    }

    /** Notes a read; tells whether it was the first of one of its chunks. */
    synchronized boolean add(int firstChunk, int lastChunk, long length, long micros) {
        reads++;
        bytes += length;
        waitMicros += micros;
        boolean isNew = chunks.nextClearBit(firstChunk) <= lastChunk;
        if (isNew) {
            chunks.set(firstChunk, lastChunk + 1);
        }
        return isNew;
    }

    /** Returns the sums so far. */
    synchronized Totals totals() {
        List<Run> runs = new ArrayList<>();
        for (int start = chunks.nextSetBit(0); start >= 0; ) {
            int end = chunks.nextClearBit(start);
            runs.add(new Run(start, end - start));
            start = chunks.nextSetBit(end);
        }
        return new Totals(ino, firstMicros, reads, bytes, waitMicros, runs);
    }

    /** Chunks of a file that follow one another. */
    record Run(int firstChunk, int count) {}

    /**
     * The sums for a file.
     *
     * @param ino         number of the file in the image
     * @param firstMicros when it was first read, in microseconds since the trace began
     * @param reads       number of reads
     * @param bytes       bytes of their answers
     * @param waitMicros  how long they took together, in microseconds
     * @param runs        the chunks that were touched
     */
    record Totals(long ino, long firstMicros, long reads, long bytes, long waitMicros, List<Run> runs) {}
}
