package io.nydus4j.daemon;

import io.nydus4j.daemon.api.JsonValue;
import io.nydus4j.daemon.api.MountRequest;
import io.nydus4j.daemon.api.MountedBackend;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.endpoint.RuntimeSettings;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.vfs.MountedFileSystem;
import io.nydus4j.daemon.vfs.NodeNumbers;
import io.nydus4j.daemon.vfs.Vfs;
import io.nydus4j.daemon.vfs.VfsPath;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.storage.config.ConfigurationException;
import io.nydus4j.storage.dedup.DedupStore;
import io.nydus4j.storage.device.BlobPool;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The file systems of a daemon: mounts, remounts and unmounts them while it serves. Safe for use by several threads.
 *
 * <p>Operations on one path are done one after the other, those on different paths at once: opening an image may wait for a network.
 * What is unmounted is closed when nobody reads it any more; a reader that waits for data is given a moment, and then the rest of its
 * time in the background.
 */
final class Mounts implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Mounts.class.getName());
    private static final String EXISTS = "object or filesystem already exists";
    private static final String NOT_MOUNTED = "object or filesystem doesn't exist";
    private static final String MISMATCH = "filesystem type mismatch, expect RAFS";
    private static final String FULL = "VFS failed to handle request, vfs maximum mountpoints reached";
    private static final String BAD_PATH = "VFS failed to handle request, PathWalk(Os { code: 22, kind: InvalidInput, "
            + "message: \"Invalid argument\" })";

    private final Vfs vfs;
    private final RuntimeSettings settings = new RuntimeSettings();
    private final FileSystemOpener opener;
    private final PathTurns turns = new PathTurns();
    private final Retirement retirement = new Retirement();
    private final MountCounters counters = new MountCounters();

    /** Guards the fields below, and changes of the VFS. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Map<VfsPath, ServedFileSystem> mounted = new LinkedHashMap<>();
    /** Indexes given to file systems that are being opened. */
    private final Set<Integer> reserved = new HashSet<>();

    private boolean serving;
    private boolean tracing;
    private volatile Runnable changed = () -> {};

    /**
     * Makes it without mounts.
     *
     * @param mountPoint where all that is served shows up on the host, without symbolic links
     * @param runFolder  folder of what a successor needs, if one shall take over
     * @param dedup      lets blobs take chunks from other blobs; closed by the caller after this
     */
    Mounts(FuseCommons commons, Vfs vfs, Path mountPoint, Optional<Path> runFolder, Optional<DedupStore> dedup) {
        this.vfs = vfs;
        this.opener = new FileSystemOpener(commons, new BlobPool(settings::registryAuth, dedup), mountPoint, runFolder);
    }

    /** Says that the kernel's EROFS shall serve what is mounted from now on; null for the VFS. */
    void serveBy(@Nullable ErofsFrontEnd frontEnd) {
        opener.serveBy(frontEnd);
    }

    /** Says what to do whenever the table is another one, before whoever changed it hears of it. */
    void onChange(Runnable action) {
        changed = action;
    }

    /** Returns what is mounted, in the order it was. */
    List<ServedFileSystem> list() {
        lock.lock();
        try {
            return new ArrayList<>(mounted.values());
        } finally {
            lock.unlock();
        }
    }

    /** Returns what backends of the mounts can be told while they run, by the backend's id. */
    RuntimeSettings settings() {
        return settings;
    }

    /** Returns the counters of file systems, those of unmounted ones too. */
    MountCounters counters() {
        return counters;
    }

    /** Returns the image that is mounted at a path. */
    ServedImage image(String mountPoint) throws ServiceException {
        VfsPath path = VfsPath.of(mountPoint).orElseThrow(() -> ServiceException.other(BAD_PATH));
        lock.lock();
        try {
            return image(mounted.get(path));
        } finally {
            lock.unlock();
        }
    }

    private static ServedImage image(@Nullable ServedFileSystem fileSystem) throws ServiceException {
        if (fileSystem == null) {
            throw ServiceException.other(NOT_MOUNTED);
        }
        return fileSystem.image().orElseThrow(() -> ServiceException.other(MISMATCH));
    }

    /**
     * Mounts what the command line names, before anything else. On {@code /} it hides all that may be mounted later, so the kernel may
     * be told for good what it does not have.
     *
     * @throws IOException if it cannot be used
     */
    void mountFirst(ImageSource source, String mountPoint) throws IOException {
        VfsPath path = rootOrBelow(mountPoint);
        int index = reserve();
        try {
            MountPlace place = opener.place(mountPoint, index, path.isRoot()).ofFirst();
            attach(path, index, opener.image(source, place));
        } finally {
            release(index);
        }
    }

    /**
     * Mounts a directory of the host that the command line names, before anything else.
     *
     * @throws IOException if it cannot be used
     */
    void mountFirst(Path directory, String mountPoint) throws IOException {
        VfsPath path = rootOrBelow(mountPoint);
        int index = reserve();
        try {
            MountPlace place = opener.place(mountPoint, index, path.isRoot()).ofFirst();
            attach(path, index, opener.directory(RawBytes.text(NativePath.bytes(directory)), place));
        } finally {
            release(index);
        }
    }

    private static VfsPath rootOrBelow(String mountPoint) throws IOException {
        return VfsPath.of(mountPoint)
                .orElseThrow(() -> new IOException("the virtual mount point " + mountPoint + " is not absolute"));
    }

    private int reserve() {
        lock.lock();
        try {
            int index = vfs.freeIndex(reserved);
            reserved.add(index);
            return index;
        } finally {
            lock.unlock();
        }
    }

    private void release(int index) {
        lock.lock();
        try {
            reserved.remove(index);
        } finally {
            lock.unlock();
        }
    }

    private void attach(VfsPath path, int index, ServedFileSystem fileSystem) throws IOException {
        boolean start;
        lock.lock();
        try {
            Optional<MountedFileSystem> fuse = fileSystem.fuse();
            if (fuse.isPresent()) {
                vfs.attach(path, index, fuse.get());
            }
            mounted.put(path, fileSystem);
            start = serving;
            if (tracing) {
                fileSystem.image().ifPresent(image -> image.trace(true));
            }
        } finally {
            lock.unlock();
        }
        fileSystem.counters().ifPresent(counters::add);
        MountRecord mount = fileSystem.record();
        LOG.log(Level.INFO, "{0} filesystem mounted at {1}", typeName(mount), mount.mountPoint());
        changed.run();
        if (start) {
            fileSystem.start();
        }
    }

    private static String typeName(MountRecord mount) {
        return switch (mount.type()) {
            case RAFS -> MountedBackend.RAFS;
            case PASSTHROUGH -> MountedBackend.PASSTHROUGH;
        };
    }

    /** Starts what goes on beside serving, now that requests are answered, for what is mounted and what will be. */
    void start() throws IOException {
        List<ServedFileSystem> all;
        lock.lock();
        try {
            serving = true;
            all = new ArrayList<>(mounted.values());
        } finally {
            lock.unlock();
        }
        for (ServedFileSystem fileSystem : all) {
            fileSystem.start();
        }
    }

    /** Mounts a file system as the API asks. */
    void mount(String mountPoint, MountRequest request) throws ServiceException {
        FileSystemOpener.type(request);
        Optional<VfsPath> path = VfsPath.of(mountPoint);
        try (PathTurns.Turn _ = turns.take(path)) {
            if (path.isPresent() && isMounted(path.get())) {
                throw ServiceException.other(EXISTS);
            }
            int index = reserve();
            try {
                if (index == 0) {
                    int kept = vfs.keptIndexes();
                    throw ServiceException.other(
                            kept == 0
                                    ? FULL
                                    : FULL + ": files of " + kept
                                            + " unmounted ones are still open or kept by the kernel");
                }
                boolean atRoot = path.isPresent() && path.get().isRoot();
                ServedFileSystem opened = opener.open(request, opener.place(mountPoint, index, atRoot));
                if (path.isEmpty()) {
                    opened.close();
                    throw ServiceException.other(BAD_PATH);
                }
                attach(path.get(), index, opened);
            } finally {
                release(index);
            }
        } catch (MountFailure e) {
            throw refused("mount", mountPoint, e);
        } catch (IOException e) {
            throw ServiceException.other(String.valueOf(e.getMessage()));
        }
    }

    private static ServiceException refused(String what, String mountPoint, MountFailure failure) {
        String detail =
                failure.getCause() instanceof ConfigurationException configuration ? ": " + configuration.detail() : "";
        LOG.log(Level.ERROR, "service {0} error: {1}: {2}{3}", what, mountPoint, failure.getMessage(), detail);
        return ServiceException.other(failure.rendering());
    }

    private boolean isMounted(VfsPath path) {
        lock.lock();
        try {
            return mounted.containsKey(path);
        } finally {
            lock.unlock();
        }
    }

    /** Puts an image in the place of a mounted one; who reads meanwhile goes on with the old one. */
    void remount(String mountPoint, MountRequest request) throws ServiceException {
        FileSystemOpener.type(request);
        VfsPath path = VfsPath.of(mountPoint).orElseThrow(() -> ServiceException.other(BAD_PATH));
        if (opener.isForKernel()) {
            throw ServiceException.other("remounting is not supported where EROFS serves");
        }
        try (PathTurns.Turn _ = turns.take(Optional.of(path))) {
            ServedImage old = image(mountPoint);
            if (old.isChangeable()) {
                throw ServiceException.other(MISMATCH);
            }
            ServedImage next = opener.successor(old, request);
            lock.lock();
            try {
                vfs.replace(path, next.fuse().orElseThrow());
                mounted.replace(path, next);
                next.trace(old.isTraced());
            } finally {
                lock.unlock();
            }
            next.counters().ifPresent(counters::add);
            LOG.log(Level.INFO, "Rafs filesystem remounted at {0}", mountPoint);
            changed.run();
            next.start();
            retirement.close(old);
        } catch (MountFailure e) {
            throw refused("remount", mountPoint, e);
        } catch (IOException e) {
            throw ServiceException.other(String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    private static ServiceException interrupted() {
        Thread.currentThread().interrupt();
        return ServiceException.other("interrupted");
    }

    /** Unmounts a file system. */
    void unmount(String mountPoint) throws ServiceException {
        VfsPath path = VfsPath.of(mountPoint).orElseThrow(() -> ServiceException.other(BAD_PATH));
        try (PathTurns.Turn _ = turns.take(Optional.of(path))) {
            ServedFileSystem old;
            lock.lock();
            try {
                old = mounted.get(path);
            } finally {
                lock.unlock();
            }
            if (old == null) {
                throw ServiceException.other(NOT_MOUNTED);
            }
            if (!old.withdraw()) {
                throw ServiceException.other(mountPoint + " is in use");
            }
            lock.lock();
            try {
                if (old.fuse().isPresent()) {
                    vfs.detach(path);
                }
                mounted.remove(path);
            } finally {
                lock.unlock();
            }
            LOG.log(Level.INFO, "{0} filesystem unmounted from {1}", typeName(old.record()), mountPoint);
            changed.run();
            retirement.close(old);
        } catch (IOException e) {
            throw ServiceException.other("failed to walk and notify invalidation: " + e.getMessage());
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    /** Forgets a file system that somebody else unmounted. */
    void vanished(ServedFileSystem fileSystem) {
        String mountPoint = fileSystem.record().mountPoint();
        VfsPath path = VfsPath.of(mountPoint).orElseThrow();
        try (PathTurns.Turn _ = turns.take(Optional.of(path))) {
            lock.lock();
            try {
                if (!mounted.remove(path, fileSystem)) {
                    return;
                }
            } finally {
                lock.unlock();
            }
            LOG.log(Level.INFO, "Rafs filesystem unmounted from {0} by somebody else", mountPoint);
            retirement.close(fileSystem);
        }
    }

    /** Traces the reads of all images that are mounted and will be, or of none. */
    void trace(boolean wanted) {
        lock.lock();
        try {
            tracing = wanted;
            for (ServedFileSystem fileSystem : mounted.values()) {
                fileSystem.image().ifPresent(image -> image.trace(wanted));
            }
        } finally {
            lock.unlock();
        }
    }

    /** Returns what was noted of the reads of an image; of the only one that was traced if none is named. */
    Optional<JsonValue> traceReport(Optional<String> mountPoint) throws ServiceException {
        List<JsonValue> reports = new ArrayList<>();
        try {
            if (mountPoint.isPresent()) {
                return image(mountPoint.get()).traceReport();
            }
            for (ServedFileSystem fileSystem : list()) {
                Optional<ServedImage> image = fileSystem.image();
                if (image.isPresent()) {
                    image.get().traceReport().ifPresent(reports::add);
                }
            }
        } catch (IOException e) {
            throw ServiceException.other(String.valueOf(e.getMessage()));
        }
        return reports.size() == 1 ? Optional.of(reports.getFirst()) : Optional.empty();
    }

    /** Returns what a successor needs to serve the same mounts under the same numbers. */
    MountTable table() {
        lock.lock();
        try {
            return new MountTable(
                    mounted.values().stream().map(ServedFileSystem::record).toList(), vfs.state());
        } finally {
            lock.unlock();
        }
    }

    /**
     * Mounts what a predecessor had mounted, under the same numbers; before anything else.
     *
     * @throws IOException if one of them cannot be used
     */
    void restore(MountTable table) throws IOException, ServiceException {
        List<ServedFileSystem> own = list();
        if (!own.isEmpty()) {
            throw new IOException(
                    "something is mounted already: " + own.getFirst().record());
        }
        vfs.restore(table.vfs());
        opener.takingOver(true);
        try {
            for (MountRecord mount : table.mounts()) {
                restore(mount);
            }
        } finally {
            opener.takingOver(false);
        }
    }

    private void restore(MountRecord mount) throws IOException, ServiceException {
        VfsPath path = VfsPath.of(mount.mountPoint()).orElseThrow(() -> ServiceException.other(BAD_PATH));
        if (mount.index() < 1 || mount.index() > NodeNumbers.MAX_INDEX) {
            throw new IOException("index " + mount.index() + " of " + mount.mountPoint() + " is out of range");
        }
        MountPlace place =
                opener.place(mount.mountPoint(), mount.index(), path.isRoot()).ofPredecessor();
        attach(path, mount.index(), opener.open(mount.request(), place));
    }

    /**
     * Opens an image that a predecessor showed and that can be seen no more, but is in use; it is closed some time after
     * {@link #retire}.
     */
    ServedFileSystem reopen(MountRecord mount, long device, ErofsFrontEnd frontEnd)
            throws IOException, ServiceException {
        return opener.reopen(mount, device, frontEnd);
    }

    /** Serves a file system until nobody uses it any more; returns at once. */
    void retire(ServedFileSystem fileSystem) {
        Thread.ofVirtual().name("nydus-retire").start(() -> retirement.close(fileSystem));
    }

    /** Closes everything; no loop asks any more. */
    @Override
    public void close() {
        for (ServedFileSystem fileSystem : list()) {
            retirement.close(fileSystem);
        }
        retirement.awaitAll();
    }
}
