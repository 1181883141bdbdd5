package io.nydus4j.storage.device;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.Compression;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.linux.ThreadEnd;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.rafs.ReadPlan;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.cache.CachedBlob;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.RafsConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.prefetch.ImagePrefetch;
import io.nydus4j.storage.prefetch.Prefetcher;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The data of one image: a lazy blob for each entry of its blob table.
 *
 * <p>Safe for use by several threads. Close it before its bootstrap, when no thread uses it or a mapping of its blobs any more.
 */
public final class BlobDevice implements AutoCloseable {
    private static final Logger LOGGER = System.getLogger(BlobDevice.class.getName());

    private final Bootstrap bootstrap;
    private final BlobStore store;
    private final Runnable onClose;
    private final List<CachedBlob> blobs;
    private final int chunkSize;
    /** Guards the two fields below. */
    private final Object lock = new Object();

    private @Nullable Thread planner;
    private volatile boolean closed;

    private BlobDevice(Bootstrap bootstrap, BlobStore store, Runnable onClose, List<CachedBlob> blobs) {
        this.bootstrap = bootstrap;
        this.store = store;
        this.onClose = onClose;
        this.blobs = List.copyOf(blobs);
        this.chunkSize = bootstrap.superblock().chunkSize();
    }

    /**
     * Opens the blobs of an image, sharing nothing with others. May block on the network.
     *
     * @param bootstrap     the image; used until the device is closed
     * @param configuration where its blobs come from and where they rest
     * @return to be closed by the caller, before the bootstrap
     * @throws IOException if the configuration cannot be followed, or a blob cannot be opened
     */
    public static BlobDevice open(Bootstrap bootstrap, StorageConfiguration configuration) throws IOException {
        return new BlobPool().open(bootstrap, configuration, "/");
    }

    /**
     * Opens the blobs of an image for someone who reads it once: without a cache, every chunk compared with its digest. May block on the
     * network.
     *
     * @param bootstrap the image; used until the device is closed
     * @param backend   where its blobs are; the caller closes it after the device
     * @return to be closed by the caller, before the bootstrap
     * @throws IOException if a blob cannot be opened
     */
    public static BlobDevice open(Bootstrap bootstrap, BlobBackend backend) throws IOException {
        return open(bootstrap, StorageConfiguration.withoutCache(), backend);
    }

    /**
     * Opens the blobs of an image from a backend of the caller's. May block on the network.
     *
     * @param bootstrap     the image; used until the device is closed
     * @param configuration where its blobs rest; its backend section does not count
     * @param backend       where its blobs come from; used until the device is closed, and closed by the caller
     * @return to be closed by the caller, before the bootstrap
     * @throws IOException if the configuration cannot be followed, or a blob cannot be opened
     */
    public static BlobDevice open(Bootstrap bootstrap, StorageConfiguration configuration, BlobBackend backend)
            throws IOException {
        return open(bootstrap, configuration, backend, CacheSurroundings.NONE);
    }

    /**
     * Opens the blobs of an image from a backend of the caller's, in a cache that has to do with others. May block on the network.
     *
     * @see #open(Bootstrap, StorageConfiguration, BlobBackend)
     */
    public static BlobDevice open(
            Bootstrap bootstrap,
            StorageConfiguration configuration,
            BlobBackend backend,
            CacheSurroundings surroundings)
            throws IOException {
        BlobStore store = BlobStore.over(backend, configuration, surroundings);
        try {
            return open(bootstrap, store, store::close);
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /**
     * Loads native code that most blobs need, on a thread of its own, so that the first blob to be opened need not wait for it. Whoever is
     * in a hurry calls this before reading a configuration or an image; nothing depends on it.
     */
    public static void prepare() {
        Thread.ofPlatform().daemon().name("nydus-codecs").start(() -> {
            Codec codec = Codec.of(Compression.ZSTD);
            LOGGER.log(Level.DEBUG, "Loaded {0}", codec.compression());
        });
    }

    static BlobDevice open(Bootstrap bootstrap, BlobStore store, Runnable onClose) throws IOException {
        List<BlobInfo> infos = bootstrap.blobs();
        List<CachedBlob> blobs = new ArrayList<>();
        try (ImageChunks chunks = new ImageChunks(bootstrap)) {
            for (int i = 0; i < infos.size(); i++) {
                int index = i;
                blobs.add(store.acquire(infos.get(i), () -> chunks.of(index)));
                chunks.of(i).clear();
            }
        } catch (IOException | RuntimeException e) {
            blobs.forEach(store::release);
            throw e;
        }
        return new BlobDevice(bootstrap, store, onClose, blobs);
    }

    /** Returns the lazy blobs by blob index. */
    public List<LazyBlob> blobs() {
        return List.copyOf(blobs);
    }

    /**
     * Returns a lazy blob.
     *
     * @param index blob index
     * @throws RafsFormatException if the image has no such blob
     */
    public LazyBlob blob(int index) throws RafsFormatException {
        if (index < 0 || index >= blobs.size()) {
            throw new RafsFormatException(
                    "blob table", -1, "expected a blob index below " + blobs.size() + ", found " + index);
        }
        return blobs.get(index);
    }

    /** Returns what this device shares with others: counters and names. */
    public BlobStore store() {
        return store;
    }

    /**
     * Reads bytes of a file. May block on the network.
     *
     * @param inode  a regular file of this device's image
     * @param offset start in the file, in bytes, at least 0
     * @param target takes bytes until it is full or the file ends; its position advances
     * @return the number of bytes read; 0 at the end of the file
     * @throws IOException if the data cannot be had; {@code target} may hold part of it then
     */
    public int read(Inode inode, long offset, ByteBuffer target) throws IOException {
        int start = target.position();
        long length = Math.clamp(inode.size() - offset, 0, (long) target.remaining());
        for (ReadPlan.Piece piece : ReadPlan.of(inode, chunkSize, offset, length)) {
            putZeros(target, piece.fileOffset() - offset - (target.position() - start));
            int limit = target.limit();
            target.limit(target.position() + (int) piece.length());
            try {
                blob(piece.blobIndex()).read(piece.blobOffset(), target);
            } finally {
                target.limit(limit);
            }
        }
        putZeros(target, length - (target.position() - start));
        return target.position() - start;
    }

    /** Fills a hole. */
    private static void putZeros(ByteBuffer target, long count) {
        for (long i = 0; i < count; i++) {
            target.put((byte) 0);
        }
    }

    /**
     * Starts to prefetch what the configuration and the image say, if both of its sections allow that; returns at once.
     *
     * @param files      inode numbers that stand instead of the image's prefetch table; files, or directories for all below them
     * @param everything whether everything is wanted, whatever the configuration says
     */
    public void startPrefetch(Optional<List<Long>> files, boolean everything) {
        PrefetchConfiguration configuration =
                store.configuration().rafs().orElse(RafsConfiguration.DEFAULT).prefetch();
        Optional<Prefetcher> prefetcher = store.prefetcher();
        if (!configuration.enable() || prefetcher.isEmpty()) {
            return;
        }
        ImagePrefetch prefetch = new ImagePrefetch(
                bootstrap, blobs, configuration, prefetcher.get(), store.cacheCounters(), () -> closed);
        synchronized (lock) {
            if (closed || planner != null) {
                return;
            }
            planner = Thread.ofVirtual().name("nydus-prefetch").start(() -> {
                try {
                    prefetch.run(files, everything);
                } catch (RafsFormatException | RuntimeException e) {
                    LOGGER.log(Level.WARNING, "Prefetching ends: {0}", e.getMessage());
                }
            });
        }
    }

    /** Stops prefetching, gives the blobs back, and closes what nobody else uses. */
    @Override
    public void close() {
        Thread running;
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            running = planner;
        }
        if (running != null) {
            ThreadEnd.await(running);
        }
        blobs.forEach(store::release);
        onClose.run();
    }
}
