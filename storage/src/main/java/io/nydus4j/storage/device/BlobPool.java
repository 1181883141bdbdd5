package io.nydus4j.storage.device;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.CacheSurroundings;
import io.nydus4j.storage.config.StorageConfiguration;
import io.nydus4j.storage.dedup.DedupStore;
import io.nydus4j.storage.registry.AuthUpdates;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Lets images with equal configurations share backend, cache and blobs. Safe for use by several threads.
 *
 * <p>What is shared lives as long as one of the devices that use it.
 */
public final class BlobPool {
    /** Guarded by itself. */
    private final Map<StorageConfiguration, Users> stores = new HashMap<>();

    private final AuthUpdates updates;
    private final Optional<DedupStore> dedup;
    private volatile boolean sharesChunks = true;
    private volatile boolean takingOver;

    /** Makes a pool that shares nothing yet, whose backends keep to their configurations. */
    public BlobPool() {
        this(AuthUpdates.NONE, Optional.empty());
    }

    /**
     * Makes a pool that shares nothing yet.
     *
     * @param updates asked by backends for newer credentials
     * @param dedup   lets blobs take chunks from other blobs; closed by the caller after all devices
     */
    public BlobPool(AuthUpdates updates, Optional<DedupStore> dedup) {
        this.updates = updates;
        this.dedup = dedup;
    }

    /** Says whether what is opened from now on may still be in use by a process whose work this one takes over. */
    public void takingOver(boolean value) {
        takingOver = value;
    }

    /** Says whether what is opened from now on takes chunks from other blobs, and gives them. It does unless this is said. */
    public void sharesChunks(boolean value) {
        sharesChunks = value;
    }

    private BlobStore newStore(StorageConfiguration configuration, String id) throws IOException {
        return BlobStore.open(
                configuration, id, updates, new CacheSurroundings(dedup.filter(_ -> sharesChunks), takingOver));
    }

    private static final class Users {
        private final BlobStore store;
        private int count;

        private Users(BlobStore store) {
            this.store = store;
        }
    }

    /**
     * Opens the blobs of an image. May block on the network.
     *
     * @param bootstrap     the image; used until the device is closed
     * @param configuration where its blobs come from and where they rest
     * @param id            names the backend in metrics if it is new: the mount point
     * @return to be closed by the caller, before the bootstrap
     * @throws IOException if the configuration cannot be followed, or a blob cannot be opened
     */
    public BlobDevice open(Bootstrap bootstrap, StorageConfiguration configuration, String id) throws IOException {
        BlobStore store = acquire(configuration, id);
        try {
            return BlobDevice.open(bootstrap, store, () -> release(store));
        } catch (IOException | RuntimeException e) {
            release(store);
            throw e;
        }
    }

    /**
     * Opens the blobs of an image with a backend and a cache of its own, which nobody finds to share later: for a remount, whose id
     * would otherwise be taken.
     *
     * @see #open
     */
    public BlobDevice openAlone(Bootstrap bootstrap, StorageConfiguration configuration, String id) throws IOException {
        BlobStore store = newStore(configuration, id);
        try {
            return BlobDevice.open(bootstrap, store, store::close);
        } catch (IOException | RuntimeException e) {
            store.close();
            throw e;
        }
    }

    // Opening a store makes a folder and asks nothing of a network, so it may hold the lock; it waits a moment for a
    // folder that another
    // process has alone.
    private BlobStore acquire(StorageConfiguration configuration, String id) throws IOException {
        synchronized (stores) {
            Users users = stores.get(configuration);
            if (users == null) {
                users = new Users(newStore(configuration, id));
                stores.put(configuration, users);
            }
            users.count++;
            return users.store;
        }
    }

    private void release(BlobStore store) {
        synchronized (stores) {
            Users users = stores.get(store.configuration());
            if (users == null || users.store != store || --users.count > 0) {
                return;
            }
            stores.remove(store.configuration());
        }
        store.close();
    }

    /** Returns what is shared now, in no particular order. */
    public List<BlobStore> stores() {
        synchronized (stores) {
            List<BlobStore> list = new ArrayList<>();
            stores.values().forEach(users -> list.add(users.store));
            return list;
        }
    }
}
