package io.nydus4j.daemon.metrics;

import io.nydus4j.daemon.api.FileAccess;
import io.nydus4j.daemon.api.FileMetrics;
import io.nydus4j.daemon.api.FileOperation;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.MetricsBuckets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Counts what one file system was asked. Safe for use by several threads; counting allocates nothing unless single files are counted.
 *
 * <p>Mirrors {@code FsIoStats} of the reference.
 */
public final class FileSystemCounters {
    private static final int OPERATIONS = FileOperation.values().length;
    /** Counters of an array lie this far apart, so that threads do not share their cache lines. */
    private static final int STRIDE = 8;

    private final String id;
    private final boolean countsFiles;
    private final boolean recordsPattern;
    private final boolean recordsLatest;
    private final AtomicLongArray hits = new AtomicLongArray(OPERATIONS * STRIDE);
    private final AtomicLongArray errors = new AtomicLongArray(OPERATIONS * STRIDE);
    private final AtomicLongArray readsBySize = new AtomicLongArray(MetricsBuckets.COUNT * STRIDE);
    private final AtomicLongArray readsByLatency = new AtomicLongArray(MetricsBuckets.COUNT * STRIDE);
    private final LongAdder dataRead = new LongAdder();
    private final LongAdder readMicros = new LongAdder();
    private final ConcurrentMap<Long, OneFile> files = new ConcurrentHashMap<>();
    private final ConcurrentMap<Long, OneAccess> accesses = new ConcurrentHashMap<>();
    private final ConcurrentSkipListSet<Long> latest = new ConcurrentSkipListSet<>();

    /**
     * Makes counters at zero.
     *
     * @param id             mount point
     * @param countsFiles    whether each file has counters of its own
     * @param recordsPattern whether first reads are recorded
     * @param recordsLatest  whether the files read of late are recorded
     */
    public FileSystemCounters(String id, boolean countsFiles, boolean recordsPattern, boolean recordsLatest) {
        this.id = id;
        this.countsFiles = countsFiles;
        this.recordsPattern = recordsPattern;
        this.recordsLatest = recordsLatest;
    }

    private static final class OneFile {
        private final AtomicLongArray hits = new AtomicLongArray(OPERATIONS);
        private final AtomicLongArray readsBySize = new AtomicLongArray(MetricsBuckets.COUNT);
        private final LongAdder operations = new LongAdder();
        private final LongAdder dataRead = new LongAdder();
    }

    private static final class OneAccess {
        private final LongAdder reads = new LongAdder();
        private final Instant first = Instant.now();
    }

    /** Returns the mount point. */
    public String id() {
        return id;
    }

    /** Sets all to zero; what is counted meanwhile may or may not stay. */
    public void reset() {
        for (AtomicLongArray array : List.of(hits, errors, readsBySize, readsByLatency)) {
            for (int i = 0; i < array.length(); i++) {
                array.set(i, 0);
            }
        }
        dataRead.reset();
        readMicros.reset();
        files.clear();
        accesses.clear();
        latest.clear();
    }

    /** Gives a file counters of its own, if files have some. */
    public void know(long ino) {
        if (countsFiles && !files.containsKey(ino)) {
            files.putIfAbsent(ino, new OneFile());
        }
    }

    /** Counts an operation other than READ that succeeded. */
    public void hit(FileOperation operation, long ino) {
        hits.getAndIncrement(operation.ordinal() * STRIDE);
        countFile(operation, ino);
    }

    /** Counts an operation other than READ that failed. */
    public void error(FileOperation operation, long ino) {
        errors.getAndIncrement(operation.ordinal() * STRIDE);
        countFile(operation, ino);
    }

    /**
     * Counts a READ that succeeded.
     *
     * @param bytes  length of the answer
     * @param micros how long it took to have the data, in microseconds
     */
    public void read(long ino, long bytes, long micros) {
        hits.getAndIncrement(FileOperation.READ.ordinal() * STRIDE);
        readsBySize.getAndIncrement(MetricsBuckets.ofSize(bytes) * STRIDE);
        dataRead.add(bytes);
        if (bytes > 0) {
            readMicros.add(micros);
            readsByLatency.getAndIncrement(MetricsBuckets.ofReadMicros(micros) * STRIDE);
        }
        countRead(ino, bytes);
        if (recordsLatest) {
            latest.add(ino);
        }
    }

    /** Counts a READ that failed. */
    public void readFailed(long ino) {
        errors.getAndIncrement(FileOperation.READ.ordinal() * STRIDE);
        readsBySize.getAndIncrement(0);
        countRead(ino, 0);
    }

    private void countRead(long ino, long bytes) {
        if (recordsPattern) {
            accesses.computeIfAbsent(ino, key -> new OneAccess()).reads.increment();
        }
        OneFile file = countFile(FileOperation.READ, ino);
        if (file != null) {
            file.readsBySize.getAndIncrement(MetricsBuckets.ofSize(bytes));
            file.dataRead.add(bytes);
        }
    }

    private @Nullable OneFile countFile(FileOperation operation, long ino) {
        if (!countsFiles) {
            return null;
        }
        OneFile file = files.computeIfAbsent(ino, key -> new OneFile());
        file.operations.increment();
        file.hits.getAndIncrement(operation.ordinal());
        return file;
    }

    /** Returns the counters as they are now. */
    public FileSystemMetrics snapshot() {
        long[] latencies = new long[OPERATIONS];
        latencies[FileOperation.READ.ordinal()] = readMicros.sum();
        return new FileSystemMetrics(
                countsFiles,
                recordsPattern,
                recordsLatest,
                id,
                dataRead.sum(),
                copy(readsBySize, STRIDE),
                copy(hits, STRIDE),
                copy(errors, STRIDE),
                latencies,
                copy(readsByLatency, STRIDE));
    }

    /** Returns the counters of single files by inode number; empty if they are not kept. */
    public Map<Long, FileMetrics> files() {
        Map<Long, FileMetrics> all = new TreeMap<>();
        for (Map.Entry<Long, OneFile> entry : files.entrySet()) {
            OneFile file = entry.getValue();
            all.put(
                    entry.getKey(),
                    new FileMetrics(
                            file.operations.sum(),
                            file.dataRead.sum(),
                            copy(file.readsBySize, 1),
                            copy(file.hits, 1),
                            new long[OPERATIONS]));
        }
        return all;
    }

    /** Returns the first reads of files; empty if they are not kept. */
    public List<FileAccess> accesses() {
        List<FileAccess> all = new ArrayList<>();
        for (Map.Entry<Long, OneAccess> entry : accesses.entrySet()) {
            OneAccess access = entry.getValue();
            all.add(new FileAccess(
                    entry.getKey(), access.reads.sum(), access.first.getEpochSecond(), access.first.getNano()));
        }
        return all;
    }

    /** Returns the numbers of the files read since this was last asked, ascending; empty if they are not kept. */
    public List<Long> takeLatest() {
        List<Long> all = new ArrayList<>();
        for (Long ino = latest.pollFirst(); ino != null; ino = latest.pollFirst()) {
            all.add(ino);
        }
        return all;
    }

    private static long[] copy(AtomicLongArray counters, int stride) {
        long[] values = new long[counters.length() / stride];
        for (int i = 0; i < values.length; i++) {
            values[i] = counters.get(i * stride);
        }
        return values;
    }
}
