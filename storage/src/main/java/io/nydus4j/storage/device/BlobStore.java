package io.nydus4j.storage.device;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.storage.BackendCounters;
import io.nydus4j.storage.BlobBackend;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.backend.BackendFactory;
import io.nydus4j.storage.cache.BlobOpener;
import io.nydus4j.storage.cache.CachedBlob;
import io.nydus4j.storage.cache.ChunkRecords;
import io.nydus4j.storage.config.BackendConfiguration;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.prefetch.Prefetcher;
import io.nydus4j.storage.registry.AuthUpdates;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What all images of one configuration share: backend, cache, prefetch workers, and each blob once. Safe for use by several threads.
 */
public final class BlobStore {
    private final StorageConfiguration configuration;
    private final String id;
    private final BackendCounters backendCounters;
    private final CacheCounters cacheCounters;
    private final BlobBackend backend;
    private final boolean ownsBackend;
    private final BlobOpener opener;
    private final Optional<Prefetcher> prefetcher;
    /** Guarded by itself. */
    private final Map<String, Slot> slots = new HashMap<>();

    /** The place of one blob. */
    private static final class Slot {
        /** Held while the blob is opened or closed: others who want it must wait for that anyway. Guards changes of {@code blob}. */
        private final ReentrantLock lock = new ReentrantLock();

        private volatile @Nullable CachedBlob blob;
        /** Guarded by the map of slots. */
        private int users;

        boolean isComplete() {
            CachedBlob opened = blob;
            return opened != null && opened.isComplete();
        }
    }

    /**
     * Opens the cache of a configuration over a backend.
     *
     * @param id           names the backend in metrics
     * @param backend      where blobs come from
     * @param ownsBackend  whether it is closed with this
     * @param surroundings what the cache has to do with others
     * @throws IOException if the configuration says something that cannot be had
     */
    private BlobStore(
            StorageConfiguration configuration,
            String id,
            BackendCounters backendCounters,
            BlobBackend backend,
            boolean ownsBackend,
            CacheSurroundings surroundings)
            throws IOException {
        this.configuration = configuration;
        this.id = id;
        this.backendCounters = backendCounters;
        this.backend = backend;
        this.ownsBackend = ownsBackend;
        CacheConfiguration cache = configuration.requireCache();
        this.cacheCounters = new CacheCounters(BlobOpener.folderOf(cache));
        this.opener = BlobOpener.of(configuration, backend, cacheCounters, surroundings);
        PrefetchConfiguration prefetch = cache.prefetch();
        this.prefetcher = prefetch.enable() ? Optional.of(new Prefetcher(prefetch, cacheCounters)) : Optional.empty();
    }

    /**
     * Opens the backend and the cache of a configuration.
     *
     * @param id           names the backend in metrics
     * @param updates      asked for newer credentials, by that name
     * @param surroundings what the cache has to do with others
     * @throws IOException if the configuration says something that cannot be had
     */
    static BlobStore open(
            StorageConfiguration configuration, String id, AuthUpdates updates, CacheSurroundings surroundings)
            throws IOException {
        configuration.requireCache();
        BackendConfiguration section = configuration.requireBackend();
        BackendSettings settings = section.settings()
                .orElseThrow(() -> new ConfigurationException(
                        "invalid configuration", "backend: there is no section for type '" + section.type() + "'"));
        BackendCounters counters = new BackendCounters(settings.kind());
        BlobBackend backend = BackendFactory.open(settings, counters, () -> updates.find(id));
        try {
            return new BlobStore(configuration, id, counters, backend, true, surroundings);
        } catch (IOException | RuntimeException e) {
            backend.close();
            throw e;
        }
    }

    /**
     * Opens the cache of a configuration over a given backend, which stays the caller's; the configuration's backend does not count.
     *
     * @param surroundings what the cache has to do with others
     * @throws IOException if the configuration says something that cannot be had
     */
    static BlobStore over(BlobBackend backend, StorageConfiguration configuration, CacheSurroundings surroundings)
            throws IOException {
        BackendCounters counters = new BackendCounters(backend.description());
        return new BlobStore(configuration, "/", counters, backend, false, surroundings);
    }

    /** Returns the configuration that all here share. */
    public StorageConfiguration configuration() {
        return configuration;
    }

    /** Returns the name of the backend in metrics: that of the first mount. */
    public String id() {
        return id;
    }

    /** Returns what was asked of the backend. */
    public BackendCounters backendCounters() {
        return backendCounters;
    }

    /** Returns what the cache did. */
    public CacheCounters cacheCounters() {
        return cacheCounters;
    }

    /** Tells whether all data of all blobs in use is in the cache for good; false if there is none. */
    public boolean isComplete() {
        synchronized (slots) {
            return !slots.isEmpty() && slots.values().stream().allMatch(Slot::isComplete);
        }
    }

    Optional<Prefetcher> prefetcher() {
        return prefetcher;
    }

    /**
     * Opens a blob, or shares it if it is open. May block on the network.
     *
     * @param records what the image says of its chunks
     * @return given back by {@link #release}
     */
    CachedBlob acquire(BlobInfo info, ChunkRecords records) throws IOException {
        Slot slot;
        synchronized (slots) {
            slot = slots.computeIfAbsent(info.effectiveId(), _ -> new Slot());
            slot.users++;
        }
        slot.lock.lock();
        try {
            CachedBlob blob = slot.blob;
            if (blob == null) {
                blob = opener.open(info, records);
                slot.blob = blob;
            } else {
                blob.learn(info, records.get());
            }
            return blob;
        } catch (IOException | RuntimeException e) {
            leave(info.effectiveId(), slot);
            throw e;
        } finally {
            slot.lock.unlock();
        }
    }

    /** Gives a blob back; the last one closes it. */
    void release(CachedBlob blob) {
        String blobId = blob.info().effectiveId();
        Slot slot;
        synchronized (slots) {
            slot = slots.get(blobId);
        }
        if (slot == null) {
            return;
        }
        slot.lock.lock();
        try {
            if (leave(blobId, slot)) {
                slot.blob = null;
                prefetcher.ifPresent(running -> running.forget(blob));
                blob.close();
            }
        } finally {
            slot.lock.unlock();
        }
    }

    /** Counts one user less; tells whether it was the last. A slot in use again meanwhile stays. */
    private boolean leave(String blobId, Slot slot) {
        synchronized (slots) {
            slot.users--;
            if (slot.users > 0) {
                return false;
            }
            slots.remove(blobId, slot);
            return true;
        }
    }

    /** Stops prefetching and closes the backend; every blob has been given back. */
    void close() {
        prefetcher.ifPresent(Prefetcher::close);
        opener.close();
        if (ownsBackend) {
            backend.close();
        }
    }
}
