package io.nydus4j.daemon;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.DaemonInfo;
import io.nydus4j.daemon.api.ErrorEvents;
import io.nydus4j.daemon.api.FileAccess;
import io.nydus4j.daemon.api.FileMetrics;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.api.SuperblockInfo;
import io.nydus4j.daemon.endpoint.Administration;
import io.nydus4j.daemon.endpoint.RuntimeSettings;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the API can ask of a daemon. */
final class DaemonAdministration implements Administration {
    private static final Set<String> LEVELS = Set.of("off", "error", "warn", "info", "debug", "trace");

    private final NydusDaemon daemon;
    private final DaemonOptions options;
    private final FuseCommons commons;
    private final Mounts mounts;

    DaemonAdministration(NydusDaemon daemon, DaemonOptions options, FuseCommons commons, Mounts mounts) {
        this.daemon = daemon;
        this.options = options;
        this.commons = commons;
        this.mounts = mounts;
    }

    @Override
    public DaemonInfo info() {
        SortedMap<String, MountedBackend> backends = new TreeMap<>();
        for (ServedFileSystem fileSystem : mounts.list()) {
            MountedBackend description = fileSystem.description();
            backends.put(description.mountPoint(), description);
        }
        return new DaemonInfo(
                options.build(),
                options.id(),
                options.supervisor().map(Path::toString),
                daemon.state(),
                Optional.of(backends));
    }

    @Override
    public boolean setLogLevel(String level) {
        String name = level.toLowerCase(Locale.ROOT);
        if (!LEVELS.contains(name)) {
            return false;
        }
        options.logLevels().set(name);
        return true;
    }

    @Override
    public ErrorEvents events() {
        return commons.events().snapshot();
    }

    @Override
    public SuperblockInfo superblock(String mountPoint) throws ServiceException {
        return mounts.image(mountPoint).superblock();
    }

    @Override
    public void start() throws ServiceException {
        daemon.begin();
    }

    @Override
    public void exit() {
        daemon.leave();
    }

    @Override
    public void sendSession() throws ServiceException {
        daemon.sendSession();
    }

    @Override
    public void takeSession() throws ServiceException {
        daemon.takeSession();
    }

    @Override
    public void mount(String mountPoint, MountRequest request) throws ServiceException {
        mounts.mount(mountPoint, request);
    }

    @Override
    public void remount(String mountPoint, MountRequest request) throws ServiceException {
        mounts.remount(mountPoint, request);
    }

    @Override
    public void unmount(String mountPoint) throws ServiceException {
        mounts.unmount(mountPoint);
    }

    @Override
    public Optional<FileSystemMetrics> fileSystemMetrics(Optional<String> id) {
        return mounts.counters().find(id).map(FileSystemCounters::snapshot);
    }

    @Override
    public Optional<Map<Long, FileMetrics>> fileMetrics(Optional<String> id) {
        return mounts.counters().find(id).map(FileSystemCounters::files);
    }

    @Override
    public Optional<List<Long>> latestReadFiles(Optional<String> id) {
        return mounts.counters().find(id).map(FileSystemCounters::takeLatest);
    }

    @Override
    public Optional<List<FileAccess>> accessPattern(Optional<String> id) {
        return mounts.counters().find(id).map(FileSystemCounters::accesses);
    }

    @Override
    public Optional<BackendMetrics> backendMetrics(Optional<String> id) {
        return found(allBackendMetrics(), id);
    }

    @Override
    public Optional<BlobCacheMetrics> blobCacheMetrics(Optional<String> id) {
        return found(allBlobCacheMetrics(), id);
    }

    @Override
    public List<FileSystemMetrics> allFileSystemMetrics() {
        return mounts.list().stream()
                .flatMap(fileSystem -> fileSystem.counters().stream())
                .map(FileSystemCounters::snapshot)
                .toList();
    }

    @Override
    public Map<String, BackendMetrics> allBackendMetrics() {
        Map<String, BackendMetrics> metrics = new LinkedHashMap<>();
        for (ServedFileSystem fileSystem : mounts.list()) {
            fileSystem
                    .image()
                    .map(ServedImage::store)
                    .ifPresent(store -> metrics.put(store.id(), ImageReports.backend(store)));
        }
        return metrics;
    }

    @Override
    public Map<String, BlobCacheMetrics> allBlobCacheMetrics() {
        Map<String, BlobCacheMetrics> metrics = new LinkedHashMap<>();
        for (ServedFileSystem fileSystem : mounts.list()) {
            fileSystem
                    .image()
                    .map(ServedImage::store)
                    .ifPresent(store -> ImageReports.cache(store)
                            .ifPresent(
                                    cache -> metrics.put(store.configuration().id(), cache)));
        }
        return metrics;
    }

    @Override
    public void trace(Optional<String> mountPoint, boolean wanted) throws ServiceException {
        if (options.objectStore().isPresent()) {
            throw ServiceException.other("reads of files that images share are not traced");
        }
        if (mountPoint.isPresent()) {
            mounts.image(mountPoint.get()).trace(wanted);
        } else {
            mounts.trace(wanted);
        }
    }

    @Override
    public Optional<JsonValue> traceReport(Optional<String> mountPoint) throws ServiceException {
        return mounts.traceReport(mountPoint);
    }

    /** Returns what has an id, the latest if several had it; without an id what is the only one. */
    private static <T> Optional<T> found(Map<String, T> all, Optional<String> id) {
        if (id.isPresent()) {
            return Optional.ofNullable(all.get(id.get()));
        }
        return all.size() == 1 ? Optional.of(all.values().iterator().next()) : Optional.empty();
    }

    @Override
    public List<InflightRequest> inflight() {
        return commons.requests().snapshot();
    }

    @Override
    public RuntimeSettings settings() {
        return mounts.settings();
    }
}
