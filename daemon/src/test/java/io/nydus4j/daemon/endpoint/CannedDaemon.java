package io.nydus4j.daemon.endpoint;

import io.nydus4j.daemon.api.BackendMetrics;
import io.nydus4j.daemon.api.BlobCacheMetrics;
import io.nydus4j.daemon.api.BuildInfo;
import io.nydus4j.daemon.api.DaemonInfo;
import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.daemon.api.ErrorEvents;
import io.nydus4j.daemon.api.FileAccess;
import io.nydus4j.daemon.api.FileMetrics;
import io.nydus4j.daemon.api.FileSystemMetrics;
import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.api.SuperblockInfo;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A running daemon with one mount, without one. */
public final class CannedDaemon implements Administration {
    private final FileSystemMetrics fileSystem = new FileSystemMetrics(
            false,
            false,
            false,
            "/a \"b\"",
            5,
            new long[8],
            new long[15],
            new long[15],
            new long[] {0, 0, 0, 0, 1_500_000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
            new long[] {1, 2, 0, 0, 0, 0, 0, 4});
    private final RuntimeSettings settings = new RuntimeSettings();

    @Override
    public DaemonInfo info() {
        return new DaemonInfo(
                new BuildInfo("v", "c", "t", "release", "r"),
                Optional.empty(),
                Optional.empty(),
                DaemonState.RUNNING,
                Optional.of(new TreeMap<>()));
    }

    @Override
    public boolean setLogLevel(String level) {
        return Set.of("off", "error", "warn", "info", "debug", "trace").contains(level.toLowerCase(Locale.ROOT));
    }

    @Override
    public ErrorEvents events() {
        return new ErrorEvents(500, 51200, List.of());
    }

    @Override
    public SuperblockInfo superblock(String mountPoint) throws ServiceException {
        if (!mountPoint.equals("/")) {
            throw ServiceException.other("object or filesystem doesn't exist");
        }
        return new SuperblockInfo(
                3774210530L, 1536, 0, 4096, 814, 16777396, 0, 0, 256, 4096, 0, 0, 1, 1408, 0, 0, 2, 128, 118784, 30720);
    }

    @Override
    public void start() throws ServiceException {
        throw ServiceException.unexpectedEvent("Start");
    }

    @Override
    public void exit() {}

    @Override
    public void sendSession() throws ServiceException {
        throw new ServiceException(ServiceException.Kind.NOT_READY, "");
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
        return Optional.empty();
    }

    @Override
    public Optional<Map<Long, FileMetrics>> fileMetrics(Optional<String> id) {
        return Optional.empty();
    }

    @Override
    public Optional<List<Long>> latestReadFiles(Optional<String> id) {
        return Optional.empty();
    }

    @Override
    public Optional<List<FileAccess>> accessPattern(Optional<String> id) {
        return Optional.empty();
    }

    @Override
    public Optional<BackendMetrics> backendMetrics(Optional<String> id) {
        return Optional.empty();
    }

    @Override
    public Optional<BlobCacheMetrics> blobCacheMetrics(Optional<String> id) {
        return Optional.empty();
    }

    @Override
    public List<InflightRequest> inflight() {
        return List.of();
    }

    @Override
    public List<FileSystemMetrics> allFileSystemMetrics() {
        return List.of(fileSystem);
    }

    @Override
    public Map<String, BackendMetrics> allBackendMetrics() {
        return Map.of("/", new BackendMetrics("localfs", 3, 1, 4096, 7, new long[8], new long[8], new long[8][8]));
    }

    @Override
    public Map<String, BlobCacheMetrics> allBlobCacheMetrics() {
        return Map.of();
    }

    @Override
    public void trace(Optional<String> mountPoint, boolean wanted) throws ServiceException {
        throw ServiceException.unsupported();
    }

    @Override
    public Optional<JsonValue> traceReport(Optional<String> mountPoint) {
        return Optional.empty();
    }

    @Override
    public RuntimeSettings settings() {
        return settings;
    }
}
