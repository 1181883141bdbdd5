package io.nydus4j.build.read;

import io.nydus4j.blob.BlobFeatures;
import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.chunk.ChunkInfoLoader;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.storage.BlobBackend;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Reads all data of an image and verifies it. */
public final class ImageData {
    /** Chunks that a thread takes at once; members of a batch are mostly among one such run. */
    private static final int RUN = 64;

    /**
     * What was verified.
     *
     * @param chunks number of chunks, each counted once
     * @param bytes  their plain size
     */
    public record Verified(long chunks, long bytes) {}

    /** Hears how much is verified. */
    @FunctionalInterface
    public interface Progress {
        /** Says how many of how many plain bytes are done; called by any thread. */
        void verified(long done, long total);
    }

    private final List<ChunkRecord> chunks;
    private final StoredBlobs blobs;
    private final Progress progress;
    private final long total;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicLong done = new AtomicLong();

    private ImageData(List<ChunkRecord> chunks, StoredBlobs blobs, Progress progress) {
        this.chunks = chunks;
        this.blobs = blobs;
        this.progress = progress;
        this.total = chunks.stream()
                .mapToLong(chunk -> Integer.toUnsignedLong(chunk.uncompressedSize()))
                .sum();
    }

    /**
     * Reads the chunk information and every chunk of an image and compares them with what the image says of them. Blobs in external storage
     * are passed over; chunks of tar files, which have neither checksum nor digest, are only read. May block on the network.
     *
     * @param backend where the blobs are; the caller closes it
     * @param threads number of threads, at least 1
     * @throws IOException if something cannot be read or is not what it should be
     */
    public static Verified verify(Bootstrap image, BlobBackend backend, int threads, Progress progress)
            throws IOException {
        int unreadable = BlobFeatures.EXTERNAL | BlobFeatures.IS_CHUNKDICT_GENERATED;
        List<BlobInfo> infos = image.blobs();
        if (infos.stream().anyMatch(info -> info.features().hasAny(unreadable))) {
            return new Verified(0, 0);
        }
        for (BlobInfo info : infos) {
            if (info.hasChunkInfo()) {
                ChunkInfoLoader.load(info, backend.open(info.metaId()));
            }
        }
        ImageData data = new ImageData(distinctChunks(image), StoredBlobs.open(infos, backend), progress);
        data.run(threads);
        return new Verified(data.chunks.size(), data.total);
    }

    private static List<ChunkRecord> distinctChunks(Bootstrap image) throws IOException {
        List<ChunkRecord> all = new ArrayList<>();
        if (image.superblock().tarfs()) {
            // The chunk table has only one record for each tar file.
            BootstrapWalk.preOrderLending(image, (inode, _) -> {
                for (int i = 0; i < inode.chunkCount(); i++) {
                    all.add(inode.chunk(i));
                }
            });
        } else {
            image.forEachChunk(all::add);
        }
        all.sort(Comparator.comparingInt(ChunkRecord::blobIndex)
                .thenComparing(ChunkRecord::index, Integer::compareUnsigned));
        List<ChunkRecord> distinct = new ArrayList<>();
        for (ChunkRecord chunk : all) {
            boolean repeated = !distinct.isEmpty()
                    && distinct.getLast().blobIndex() == chunk.blobIndex()
                    && distinct.getLast()
                            .equals(chunk.atFileOffset(distinct.getLast().fileOffset()));
            if (!repeated) {
                distinct.add(chunk);
            }
        }
        return distinct;
    }

    private void run(int threads) throws IOException {
        try (ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(workers.submit(() -> {
                    verifyRuns();
                    return null;
                }));
            }
            for (Future<?> result : results) {
                result.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw (InterruptedIOException) new InterruptedIOException("interrupted").initCause(e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }

    private void verifyRuns() throws IOException {
        try (ChunkReader reader = new ChunkReader(blobs)) {
            for (int start = next.getAndAdd(RUN); start < chunks.size(); start = next.getAndAdd(RUN)) {
                long bytes = 0;
                for (ChunkRecord chunk : chunks.subList(start, Math.min(start + RUN, chunks.size()))) {
                    bytes += reader.read(chunk).byteSize();
                }
                progress.verified(done.addAndGet(bytes), total);
            }
        } catch (IOException | RuntimeException | Error e) {
            next.set(Integer.MAX_VALUE - RUN * 1024);
            throw e;
        }
    }
}
