package io.nydus4j.daemon;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.DaemonInfo;
import io.nydus4j.daemon.api.ErrorEvents;
import io.nydus4j.daemon.api.FileAccess;
import io.nydus4j.daemon.api.FileMetrics;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.api.SuperblockInfo;
import io.nydus4j.daemon.endpoint.Administration;
import io.nydus4j.daemon.endpoint.RuntimeSettings;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.storage.device.BlobStore;
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
    private final RuntimeSettings settings = new RuntimeSettings();

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
        return new DaemonInfo(options.build(), options.id(), Optional.empty(), daemon.state(), Optional.of(backends));
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
        throw ServiceException.unexpectedEvent("Start");
    }

    @Override
    public void exit() {
        daemon.leave();
    }

    @Override
    public void sendSession() throws ServiceException {
        throw new ServiceException(ServiceException.Kind.UPGRADE, "MissingSupervisorPath");
    }

    @Override
    public void takeSession() throws ServiceException {
        throw ServiceException.unexpectedEvent("Takeover");
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
        Map<String, BlobStore> stores = new LinkedHashMap<>();
        for (ServedFileSystem fileSystem : mounts.list()) {
            if (fileSystem instanceof ServedImage image) {
                stores.put(image.store().id(), image.store());
            }
        }
        return found(stores, id).map(ImageReports::backend);
    }

    @Override
    public Optional<BlobCacheMetrics> blobCacheMetrics(Optional<String> id) {
        Map<String, BlobStore> stores = new LinkedHashMap<>();
        for (ServedFileSystem fileSystem : mounts.list()) {
            if (fileSystem instanceof ServedImage image
                    && !ImageReports.isInMemory(image.store().configuration())) {
                stores.put(image.store().configuration().id(), image.store());
            }
        }
        return found(stores, id).flatMap(ImageReports::cache);
    }

    /** Returns what has an id, the latest if several had it; without an id what is the only one. */
    private static Optional<BlobStore> found(Map<String, BlobStore> stores, Optional<String> id) {
        if (id.isPresent()) {
            return Optional.ofNullable(stores.get(id.get()));
        }
        return stores.size() == 1 ? Optional.of(stores.values().iterator().next()) : Optional.empty();
    }

    @Override
    public List<InflightRequest> inflight() {
        return commons.requests().snapshot();
    }

    @Override
    public RuntimeSettings settings() {
        return settings;
    }
}
