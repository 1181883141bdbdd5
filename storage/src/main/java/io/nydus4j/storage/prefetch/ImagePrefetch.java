package io.nydus4j.storage.prefetch;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.PrefetchRun;
import io.nydus4j.rafs.RafsVersion;
import io.nydus4j.rafs.ReadPlan;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.cache.CachedBlob;
import io.nydus4j.storage.cache.ChunkSpan;
import io.nydus4j.storage.config.PrefetchConfiguration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides what of an image is prefetched, and asks a {@link Prefetcher} for it. One use, one thread.
 *
 * <p>First the parts of v6 blobs that were recorded for it. Then the files that a caller lists, else those of the image's prefetch table.
 * Then, if asked for, everything. Mirrors the mount-time prefetching of the reference.
 */
public final class ImagePrefetch {
    /** Stored bytes of a request for the recorded part of a blob. */
    private static final int RECORDED_BATCH = 1 << 20;
    /** Ranges of files that are gathered before they are merged and asked for. */
    private static final int MOST_GATHERED = 1 << 16;

    private final Bootstrap bootstrap;
    private final List<? extends CachedBlob> blobs;
    private final PrefetchConfiguration configuration;
    private final Prefetcher prefetcher;
    private final CacheCounters counters;
    private final BooleanSupplier stopped;
    private final Set<Long> seen = new HashSet<>();
    private final List<Range> gathered = new ArrayList<>();

    private record Range(int blobIndex, long offset, long length) {
        long end() {
            return offset + length;
        }
    }

    /**
     * Prepares for an image.
     *
     * @param bootstrap     the image; stays open until {@link #run} has ended
     * @param blobs         its blobs by index
     * @param configuration what to prefetch: the section of the file system
     * @param prefetcher    does it
     * @param counters      counts chunks
     * @param stopped       tells whether to give up
     */
    public ImagePrefetch(
            Bootstrap bootstrap,
            List<? extends CachedBlob> blobs,
            PrefetchConfiguration configuration,
            Prefetcher prefetcher,
            CacheCounters counters,
            BooleanSupplier stopped) {
        this.bootstrap = bootstrap;
        this.blobs = blobs;
        this.configuration = configuration;
        this.prefetcher = prefetcher;
        this.counters = counters;
        this.stopped = stopped;
    }

    /**
     * Asks for what is to be prefetched.
     *
     * @param files      inode numbers that stand instead of the image's prefetch table; files, or directories for all below them
     * @param everything whether the caller wants everything, whatever the configuration says
     * @throws RafsFormatException if the image is broken; what was asked for by then stays asked for
     */
    public void run(Optional<List<Long>> files, boolean everything) throws RafsFormatException {
        boolean v6 = bootstrap.superblock().version() == RafsVersion.V6;
        if (v6) {
            for (CachedBlob blob : blobs) {
                long recorded = blob.info().prefetchSize();
                if (recorded > 0) {
                    submitStored(blob, recorded, RECORDED_BATCH);
                }
            }
        }
        List<Long> table = table();
        boolean tableIsAll = table.equals(List.of(bootstrap.rootIno()));
        boolean rootFound = false;
        if (!tableIsAll && !everything) {
            prefetchFiles(files.orElse(table));
            rootFound = files.isEmpty() && table.contains(bootstrap.rootIno());
        }
        if (!rootFound && (tableIsAll || everything || configuration.prefetchAll())) {
            if (v6) {
                int batch = configuration.batchSize() == 0 ? RECORDED_BATCH : (int) configuration.batchSize();
                blobs.forEach(blob -> submitStored(blob, Long.MAX_VALUE, batch));
            } else {
                prefetchFiles(List.of(bootstrap.rootIno()));
            }
        }
    }

    private List<Long> table() throws RafsFormatException {
        List<Long> table = bootstrap.prefetchTable();
        int end = table.indexOf(0L);
        return end < 0 ? table : table.subList(0, end);
    }

    private void submitStored(CachedBlob blob, long storedSize, int batch) {
        for (ChunkSpan span : blob.spans(storedSize, batch)) {
            prefetcher.submit(blob, span.offset(), span.length(), span.storedSize(), true);
        }
    }

    private void prefetchFiles(List<Long> inos) throws RafsFormatException {
        for (long ino : new LinkedHashSet<>(inos)) {
            Inode inode = bootstrap.inode(ino);
            if (inode.isDirectory()) {
                for (long child : PrefetchRun.descendants(bootstrap, inode)) {
                    gather(bootstrap.inode(child));
                }
            } else if (inode.isRegular()) {
                gather(inode);
            }
        }
        flush();
    }

    private void gather(Inode inode) throws RafsFormatException {
        if (stopped.getAsBoolean() || inode.isHardLink() && !seen.add(inode.ino())) {
            return;
        }
        counters.prefetchSubmitted(inode.chunkCount());
        int chunkSize = bootstrap.superblock().chunkSize();
        for (ReadPlan.Piece piece : ReadPlan.of(inode, chunkSize, 0, inode.size())) {
            gathered.add(new Range(piece.blobIndex(), piece.blobOffset(), piece.length()));
        }
        if (gathered.size() >= MOST_GATHERED) {
            flush();
        }
    }

    /** Merges what was gathered and asks for it: neighbours in a blob become one request, up to the size of a batch. */
    private void flush() {
        long batch = Math.max(configuration.batchSize(), 128 << 10);
        long gap = Math.max(batch >> 7, 4096);
        gathered.sort(Comparator.comparingInt(Range::blobIndex).thenComparingLong(Range::offset));
        Range merged = null;
        for (Range range : gathered) {
            if (merged != null
                    && merged.blobIndex() == range.blobIndex()
                    && range.offset() - merged.end() <= gap
                    && range.end() - merged.offset() <= batch) {
                long end = Math.max(merged.end(), range.end());
                merged = new Range(range.blobIndex(), merged.offset(), end - merged.offset());
                continue;
            }
            submit(merged);
            merged = range;
        }
        submit(merged);
        gathered.clear();
    }

    private void submit(@Nullable Range range) {
        if (range != null) {
            CachedBlob blob = blobs.get(range.blobIndex());
            long stored = blob.storedSize(range.offset(), range.length());
            prefetcher.submit(blob, range.offset(), range.length(), stored, false);
        }
    }
}
