package io.nydus4j.daemon.erofs;

import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.trace.AccessTrace;
import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.LazyBlob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Counts and traces what the kernel reads of an image's blobs, as far as it asks before. It asks about what it does not have in memory,
 * until a blob is complete, or while a trace goes on. What it reads in one go counts as one READ. Safe for use by several threads.
 */
public final class ImageReads implements ReadObserver {
    /** Stands for a file that is not looked for. */
    private static final long NO_INO = 0;

    private final Bootstrap bootstrap;
    private final List<? extends LazyBlob> blobs;
    private final FileSystemCounters counters;
    private final boolean countsFiles;
    private volatile @Nullable BlobExtents files;
    private volatile @Nullable AccessTrace trace;

    /**
     * Makes one for an image.
     *
     * @param bootstrap   the image, open for as long as something is read
     * @param blobs       its blobs by index
     * @param counters    count its reads
     * @param countsFiles whether they count single files
     */
    public ImageReads(
            Bootstrap bootstrap, List<? extends LazyBlob> blobs, FileSystemCounters counters, boolean countsFiles) {
        this.bootstrap = bootstrap;
        this.blobs = blobs;
        this.counters = counters;
        this.countsFiles = countsFiles;
        this.files = countsFiles ? BlobExtents.of(bootstrap, blobs.size()) : null;
    }

    /** Sets where reads are noted from now on; null to note them nowhere. Looks through the image the first time. */
    public synchronized void trace(@Nullable AccessTrace tracing) {
        if (tracing != null && files == null) {
            files = BlobExtents.of(bootstrap, blobs.size());
        }
        trace = tracing;
    }

    @Override
    public boolean wantsAll() {
        return trace != null;
    }

    @Override
    public Reading begin(LazyBlob blob, int thread, long offset, long length) {
        long start = System.nanoTime();
        AccessTrace tracing = trace;
        String process = tracing == null ? "" : AccessTrace.processName(thread);
        return source -> {
            BlobExtents known = files;
            List<BlobExtents.Part> parts = known == null ? List.of() : known.parts(blobs.indexOf(blob), offset, length);
            if (countsFiles) {
                parts.forEach(part -> count(part.ino(), part.length(), source, start));
            } else {
                count(NO_INO, length, source, start);
            }
            if (tracing != null) {
                for (BlobExtents.Part part : parts) {
                    tracing.read(thread, process, part.ino(), part.offset(), part.length(), source, start);
                }
            }
        };
    }

    private void count(long ino, long length, ReadSource source, long start) {
        if (source == ReadSource.FAILED) {
            counters.readFailed(ino);
        } else {
            counters.read(ino, length, (System.nanoTime() - start) / 1000);
        }
    }
}
