package io.nydus4j.daemon.endpoint;

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
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.api.SuperblockInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What can be asked of a daemon by its API. Implementations are safe for use by several threads.
 *
 * <p>Metrics are chosen by id: that of one instance, or none, which means the only instance; nothing is returned if there is no such
 * instance, or if there are several and none was named.
 */
public interface Administration {
    /** Returns what the daemon tells of itself, with its file systems. */
    DaemonInfo info();

    /**
     * Sets the level from which on messages are logged.
     *
     * @param level {@code off}, {@code error}, {@code warn}, {@code info}, {@code debug} or {@code trace}, in any case
     * @return whether there is such a level
     */
    boolean setLogLevel(String level);

    /** Returns the latest errors of backends. */
    ErrorEvents events();

    /** Returns the superblock of the image at a mount point. */
    SuperblockInfo superblock(String mountPoint) throws ServiceException;

    /** Starts to serve. */
    void start() throws ServiceException;

    /** Stops serving, leaves the mount, and ends the daemon. Returns when nothing is served any more. */
    void exit() throws ServiceException;

    /** Gives the FUSE session to the supervisor. */
    void sendSession() throws ServiceException;

    /** Takes the FUSE session from the supervisor. */
    void takeSession() throws ServiceException;

    /** Mounts a file system. */
    void mount(String mountPoint, MountRequest request) throws ServiceException;

    /** Puts another image in the place of a mounted one. */
    void remount(String mountPoint, MountRequest request) throws ServiceException;

    /** Unmounts a file system. */
    void unmount(String mountPoint) throws ServiceException;

    /** Returns the counters of a file system, by its mount point. */
    Optional<FileSystemMetrics> fileSystemMetrics(Optional<String> id);

    /** Returns the counters of the files of a file system. */
    Optional<Map<Long, FileMetrics>> fileMetrics(Optional<String> id);

    /** Returns the numbers of the files read since this was last asked, ascending. */
    Optional<List<Long>> latestReadFiles(Optional<String> id);

    /** Returns the first accesses to the files of a file system. */
    Optional<List<FileAccess>> accessPattern(Optional<String> id);

    /** Returns the counters of a backend. */
    Optional<BackendMetrics> backendMetrics(Optional<String> id);

    /** Returns the counters of a cache, by the id of its configuration. */
    Optional<BlobCacheMetrics> blobCacheMetrics(Optional<String> id);

    /** Returns the requests that are being worked on. */
    List<InflightRequest> inflight() throws ServiceException;

    /** Returns the counters of all file systems, those of unmounted ones left out. */
    List<FileSystemMetrics> allFileSystemMetrics();

    /** Returns the counters of all backends in use, by id. */
    Map<String, BackendMetrics> allBackendMetrics();

    /** Returns the counters of all caches in use, by id. */
    Map<String, BlobCacheMetrics> allBlobCacheMetrics();

    /**
     * Notes who reads what first, and what it waits for, or ends that.
     *
     * @param mountPoint of which image; of all that are mounted and will be if absent
     */
    void trace(Optional<String> mountPoint, boolean wanted) throws ServiceException;

    /** Returns what was noted of an image; of the only one that was traced if none is named. */
    Optional<JsonValue> traceReport(Optional<String> mountPoint) throws ServiceException;

    /** Returns what can be set while the daemon runs. */
    RuntimeSettings settings();
}
