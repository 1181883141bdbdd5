package io.nydus4j.storage;

import io.nydus4j.storage.config.BackendConfiguration;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.FileCacheSettings;
import io.nydus4j.storage.config.LocalFsSettings;
import io.nydus4j.storage.config.PrefetchConfiguration;
import io.nydus4j.storage.config.RafsConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Configurations for tests: blobs in a folder, a cache in another. */
public final class TestStores {
    private TestStores() {}

    /** Returns a plain file cache without read-ahead beyond the least, and without patience with a full disk. */
    public static StorageConfiguration inFiles(Path blobs, Path work) {
        return of(blobs, work, false, false, 0, PrefetchConfiguration.ABSENT);
    }

    /** Returns the same, whose readers wait while the disk is full. */
    public static StorageConfiguration waitingForRoom(Path blobs, Path work, long seconds) {
        return of(blobs, work, false, false, 0, PrefetchConfiguration.ABSENT, seconds);
    }

    /** Returns a plain file cache under a budget in bytes, 0 for none. */
    public static StorageConfiguration budget(Path blobs, Path work, long bytes) {
        FileCacheSettings files = FileCacheSettings.in(work.toString()).withBudget(bytes);
        return of(blobs, cache(files, false, false, PrefetchConfiguration.ABSENT));
    }

    /** Returns the usual configuration with a cache section. */
    public static StorageConfiguration of(Path blobs, CacheConfiguration cache) {
        return StorageConfiguration.of(folder(blobs), cache);
    }

    /** Returns the section of a file cache. */
    public static CacheConfiguration cache(
            FileCacheSettings files, boolean compressed, boolean validate, PrefetchConfiguration prefetch) {
        return new CacheConfiguration(
                "filecache", compressed, validate, prefetch, Optional.of(files), Optional.empty());
    }

    private static LocalFsSettings folder(Path blobs) {
        return new LocalFsSettings("", blobs.toString(), List.of());
    }

    /** Returns a file cache. */
    public static StorageConfiguration of(
            Path blobs, Path work, boolean compressed, boolean validate, long batch, PrefetchConfiguration prefetch) {
        return of(blobs, work, compressed, validate, batch, prefetch, 0);
    }

    private static StorageConfiguration of(
            Path blobs,
            Path work,
            boolean compressed,
            boolean validate,
            long batch,
            PrefetchConfiguration prefetch,
            long roomSeconds) {
        RafsConfiguration usual = RafsConfiguration.DEFAULT;
        return new StorageConfiguration(
                StorageConfiguration.VERSION,
                "test",
                Optional.of(BackendConfiguration.of(folder(blobs))),
                List.of(),
                Optional.of(cache(
                        FileCacheSettings.in(work.toString()).withRoomSeconds(roomSeconds),
                        compressed,
                        validate,
                        prefetch)),
                Optional.of(new RafsConfiguration(usual.mode(), batch, false, true, false, false, false, prefetch)),
                Optional.empty());
    }
}
