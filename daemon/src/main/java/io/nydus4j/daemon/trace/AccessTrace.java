package io.nydus4j.daemon.trace;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Records the first reads of one image, and sums over all. Safe for use by several threads.
 *
 * <p>The timeline is bounded; reads after {@value #MOST_READS} first ones count in the sums only.
 */
public final class AccessTrace {
    private static final int MOST_READS = 1 << 16;
    private static final int MOST_CHUNKS = 1 << 24;

    private final String mountPoint;
    private final int chunkSize;
    private final long startNanos = System.nanoTime();
    private final long startMillis = System.currentTimeMillis();
    private final ConcurrentMap<Long, FileReads> files = new ConcurrentHashMap<>();
    /** Guarded by itself. */
    private final List<FirstRead> reads = new ArrayList<>();
    /** Guarded by itself. */
    private final Map<ReadSource, long[]> causes = new EnumMap<>(ReadSource.class);

    /**
     * Begins a trace.
     *
     * @param mountPoint where the image is mounted
     * @param chunkSize  size of a whole chunk, in bytes
     */
    public AccessTrace(String mountPoint, int chunkSize) {
        this.mountPoint = mountPoint;
        this.chunkSize = chunkSize;
    }

    /**
     * Notes a read.
     *
     * @param pid        process that read, 0 for the kernel
     * @param process    its name, from before the answer
     * @param ino        number of the file in the image
     * @param offset     start in the file, in bytes
     * @param length     bytes of the answer, at least 1
     * @param source     where the bytes were
     * @param startNanos when it came, by {@link System#nanoTime()}
     */
    public void read(int pid, String process, long ino, long offset, long length, ReadSource source, long startNanos) {
        long wait = (System.nanoTime() - startNanos) / 1000;
        long at = (startNanos - this.startNanos) / 1000;
        long first = offset / chunkSize;
        long last = (offset + length - 1) / chunkSize;
        FileReads file = files.computeIfAbsent(ino, key -> new FileReads(key, at));
        boolean isNew = file.add((int) Math.min(first, MOST_CHUNKS), (int) Math.min(last, MOST_CHUNKS), length, wait);
        synchronized (causes) {
            long[] sums = causes.computeIfAbsent(source, _ -> new long[3]);
            sums[0]++;
            sums[1] += length;
            sums[2] += wait;
        }
        if (isNew) {
            FirstRead read = new FirstRead(at, pid, process, ino, offset, length, first, last, source, wait);
            synchronized (reads) {
                if (reads.size() < MOST_READS) {
                    reads.add(read);
                }
            }
            FirstReadEvent.emit(mountPoint, read);
        }
    }

    /** Returns the name of a process that waits for an answer; empty for the kernel and for what cannot be seen. */
    public static String processName(int pid) {
        if (pid == 0) {
            return "";
        }
        try {
            return Files.readString(Path.of("/proc/" + pid + "/comm")).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** Returns where the image is mounted. */
    public String mountPoint() {
        return mountPoint;
    }

    /** Returns the size of a whole chunk, in bytes. */
    int chunkSize() {
        return chunkSize;
    }

    /** Returns when the trace began, in milliseconds since 1970. */
    long startMillis() {
        return startMillis;
    }

    /** Returns the first reads, in the order they came. */
    public List<FirstRead> reads() {
        List<FirstRead> copy;
        synchronized (reads) {
            copy = new ArrayList<>(reads);
        }
        copy.sort(Comparator.comparingLong(FirstRead::atMicros));
        return copy;
    }

    /** Returns the sums for each file, in the order of the first reads. */
    List<FileReads.Totals> files() {
        return files.values().stream()
                .map(FileReads::totals)
                .sorted(Comparator.comparingLong(FileReads.Totals::firstMicros)
                        .thenComparingLong(FileReads.Totals::ino))
                .toList();
    }

    /** Returns reads, bytes and waits in microseconds for each source. */
    Map<ReadSource, long[]> causes() {
        synchronized (causes) {
            Map<ReadSource, long[]> copy = new EnumMap<>(ReadSource.class);
            causes.forEach((source, sums) -> copy.put(source, Arrays.copyOf(sums, sums.length)));
            return copy;
        }
    }
}
