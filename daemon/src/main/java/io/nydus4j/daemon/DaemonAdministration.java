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
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.api.SuperblockInfo;
import io.nydus4j.daemon.endpoint.Administration;
import io.nydus4j.daemon.endpoint.RuntimeSettings;
import io.nydus4j.daemon.metrics.EventLog;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** What the API can ask of a daemon with one image. */
final class DaemonAdministration implements Administration {
    private static final Set<String> LEVELS = Set.of("off", "error", "warn", "info", "debug", "trace");
    private static final String NOT_MOUNTED = "object or filesystem doesn't exist";
    private static final String BAD_PATH = "VFS failed to handle request, PathWalk(Os { code: 22, kind: InvalidInput, "
            + "message: \"Invalid argument\" })";

    private final NydusDaemon daemon;
    private final DaemonOptions options;
    private final EventLog events;
    private final ServedImage image;
    private final RuntimeSettings settings = new RuntimeSettings();

    DaemonAdministration(NydusDaemon daemon, DaemonOptions options, EventLog events, ServedImage image) {
        this.daemon = daemon;
        this.options = options;
        this.events = events;
        this.image = image;
    }

    @Override
    public DaemonInfo info() {
        return new DaemonInfo(
                options.build(),
                options.id(),
                Optional.empty(),
                daemon.state(),
                Optional.of(new TreeMap<>(Map.of(daemon.virtualMountPoint(), image.description()))));
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
        return events.snapshot();
    }

    @Override
    public SuperblockInfo superblock(String mountPoint) throws ServiceException {
        if (!mountPoint.startsWith("/")) {
            throw ServiceException.other(BAD_PATH);
        }
        if (!isRoot(mountPoint)) {
            throw ServiceException.other(NOT_MOUNTED);
        }
        return image.superblock();
    }

    /** Tells whether a path leads to the root, where {@code .} and {@code ..} and empty names lead nowhere else. */
    private static boolean isRoot(String path) {
        int depth = 0;
        for (String name : path.split("/", -1)) {
            switch (name) {
                case "", "." -> {}
                case ".." -> depth = Math.max(0, depth - 1);
                default -> depth++;
            }
        }
        return depth == 0;
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
        throw ServiceException.unsupported();
    }

    @Override
    public void remount(String mountPoint, MountRequest request) throws ServiceException {
        throw ServiceException.unsupported();
    }

    @Override
    public void unmount(String mountPoint) throws ServiceException {
        throw ServiceException.unsupported();
    }

    @Override
    public Optional<FileSystemMetrics> fileSystemMetrics(Optional<String> id) {
        return ofMount(id) ? Optional.of(image.counters().snapshot()) : Optional.empty();
    }

    @Override
    public Optional<Map<Long, FileMetrics>> fileMetrics(Optional<String> id) {
        return ofMount(id) ? Optional.of(image.counters().files()) : Optional.empty();
    }

    @Override
    public Optional<List<Long>> latestReadFiles(Optional<String> id) {
        return ofMount(id) ? Optional.of(image.counters().takeLatest()) : Optional.empty();
    }

    @Override
    public Optional<List<FileAccess>> accessPattern(Optional<String> id) {
        return ofMount(id) ? Optional.of(image.counters().accesses()) : Optional.empty();
    }

    @Override
    public Optional<BackendMetrics> backendMetrics(Optional<String> id) {
        return ofMount(id) ? Optional.of(image.backendMetrics()) : Optional.empty();
    }

    private boolean ofMount(Optional<String> id) {
        return id.isEmpty() || id.get().equals(daemon.virtualMountPoint());
    }

    @Override
    public Optional<BlobCacheMetrics> blobCacheMetrics(Optional<String> id) {
        return id.isEmpty() || id.get().equals(image.configurationId()) ? image.cacheMetrics() : Optional.empty();
    }

    @Override
    public List<InflightRequest> inflight() {
        return image.handler().inflight();
    }

    @Override
    public RuntimeSettings settings() {
        return settings;
    }
}
