package io.nydus4j.daemon;

import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.endpoint.ApiRouter;
import io.nydus4j.daemon.erofs.ErofsHandOver;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.http.HttpServer;
import io.nydus4j.daemon.metrics.EventLog;
import io.nydus4j.daemon.state.MountRecord;
import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.daemon.vfs.Vfs;
import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.fuse.SessionEnd;
import io.nydus4j.linux.mount.FuseMount;
import io.nydus4j.storage.dedup.DedupStore;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A daemon that serves file systems in one FUSE mount, until it is stopped or somebody unmounts it.
 *
 * <p>{@link #start} returns when the mount answers. Whoever started the daemon waits by {@link #await} and closes it; closing
 * unmounts. Safe for use by several threads. The threads that serve do not keep a process alive.
 */
public final class NydusDaemon implements AutoCloseable {
    private static final Logger LOG = System.getLogger(NydusDaemon.class.getName());

    private final DaemonOptions options;
    private final FuseCommons commons;
    private final Mounts mounts;
    private final FuseFrontEnd fuse;
    private final @Nullable DedupStore dedup;
    private final Lifecycle lifecycle = new Lifecycle();
    private final CompletableFuture<DaemonEnd> end = new CompletableFuture<>();
    private final CompletableFuture<DaemonEnd> closed = new CompletableFuture<>();
    private volatile @Nullable ErofsFrontEnd kernel;
    private volatile @Nullable ErofsWatch watch;
    private @Nullable HttpServer api;

    private NydusDaemon(
            DaemonOptions options, FuseCommons commons, Mounts mounts, FuseFrontEnd fuse, Optional<DedupStore> dedup) {
        this.options = options;
        this.commons = commons;
        this.mounts = mounts;
        this.fuse = fuse;
        this.dedup = dedup.orElse(null);
    }

    /**
     * Opens the image, if one is to be served from the start, mounts, and starts to serve it and the API. Where a predecessor died and its
     * mount outlived it, that is taken over instead; where the daemon waits to be told to take over, only the API is served.
     *
     * @throws IOException if the mount point is no directory, the image cannot be used, or mounting is refused; nothing is left behind
     */
    public static NydusDaemon start(DaemonOptions options) throws IOException {
        Path mountPoint = directory(options.mountPoint());
        FuseCommons commons = new FuseCommons(new EventLog());
        Vfs vfs = new Vfs(commons.requests());
        Optional<DedupStore> dedup = openDedup(options);
        Mounts mounts = new Mounts(commons, vfs, mountPoint, options.runFolder(), dedup);
        NydusDaemon daemon = new NydusDaemon(options, commons, mounts, new FuseFrontEnd(options, vfs, mounts), dedup);
        try {
            mounts.trace(options.traced());
            if (!daemon.fuse.waits(mountPoint)) {
                daemon.lifecycle.mount(() -> daemon.obtain(mountPoint));
                daemon.begin();
            }
            daemon.serveApi();
            return daemon;
        } catch (IOException | RuntimeException e) {
            daemon.giveUp();
            throw e;
        } catch (ServiceException e) {
            daemon.giveUp();
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getMessage(), e);
        }
    }

    private static Optional<DedupStore> openDedup(DaemonOptions options) throws IOException {
        if (options.dedupDatabase().isEmpty()) {
            return Optional.empty();
        }
        return DedupStore.open(options.dedupDatabase().get());
    }

    /** Ends what could not be started; what was taken over is left to another try. */
    private void giveUp() throws IOException {
        ErofsFrontEnd frontEnd = kernel;
        if (fuse.isAdopted() || frontEnd != null && frontEnd.isAdopted()) {
            fuse.leave();
            end.complete(DaemonEnd.LEFT);
        }
        close();
    }

    /** Takes a predecessor's session over, or mounts. */
    private void obtain(Path mountPoint) throws ServiceException {
        try {
            if (isShownByKernel(mountPoint) || fuse.inherit()) {
                return;
            }
            if (options.image().isPresent()) {
                mounts.mountFirst(options.image().get(), options.virtualMountPoint());
            } else if (options.sharedDirectory().isPresent()) {
                mounts.mountFirst(options.sharedDirectory().get(), options.virtualMountPoint());
            }
            fuse.mount(mountPoint);
        } catch (IOException e) {
            throw ServiceException.of(e);
        }
    }

    /** Has the kernel's EROFS serve, if that is wanted and, where there is a choice, possible. */
    private boolean isShownByKernel(Path mountPoint) throws IOException, ServiceException {
        if (options.driver() == Driver.FUSE) {
            return false;
        }
        RunFolder folder = ErofsFrontEnd.runFolder(options, mountPoint);
        Optional<String> obstacle = KernelRules.obstacle(options, dedup != null);
        if (options.driver() == Driver.EROFS && obstacle.isPresent()) {
            throw new IOException(obstacle.get());
        }
        if (obstacle.isEmpty() || ErofsHandOver.isUsed(folder)) {
            try {
                showByKernel(mountPoint, folder);
                return true;
            } catch (IOException e) {
                ErofsFrontEnd opened = kernel;
                boolean choice = options.driver() == Driver.AUTO
                        && (opened == null || !opened.isAdopted())
                        && (!(e instanceof MountFailure failure) || failure.isOfKernel());
                if (!choice) {
                    throw e;
                }
                if (opened != null) {
                    opened.stop();
                    opened.forget();
                }
                kernel = null;
                mounts.serveBy(null);
                obstacle = Optional.of(String.valueOf(e.getMessage()));
            }
        }
        LOG.log(Level.INFO, "served through FUSE, not by EROFS: {0}", obstacle.orElseThrow());
        if (options.unmountOnOrphan().isPresent()) {
            LOG.log(Level.WARNING, "a mount through FUSE is not unmounted when nobody follows its daemon");
        }
        return false;
    }

    private void showByKernel(Path mountPoint, RunFolder folder) throws IOException, ServiceException {
        ErofsFrontEnd opened = ErofsFrontEnd.open(mountPoint, folder, options.objectStore(), options.unmountOnOrphan());
        kernel = opened;
        mounts.serveBy(opened);
        MountTable inherited = opened.inherited();
        mounts.restore(inherited);
        List<ServedFileSystem> unseen = new ArrayList<>();
        for (Map.Entry<Long, MountRecord> left : opened.unseen().entrySet()) {
            unseen.add(mounts.reopen(left.getValue(), left.getKey(), opened));
        }
        opened.resume();
        unseen.forEach(mounts::retire);
        if (options.image().isPresent()
                && inherited.mounts().stream()
                        .noneMatch(mount -> mount.mountPoint().equals(options.virtualMountPoint()))) {
            mounts.mountFirst(options.image().get(), options.virtualMountPoint());
        }
    }

    /** Tells whether the kernel's EROFS serves. */
    boolean isServedByKernel() {
        return kernel != null;
    }

    /**
     * Tells whether the end of the process would leave somebody waiting for data, so that it must not end yet. {@link #close} returns when
     * it may.
     */
    public boolean isNeeded() {
        ErofsFrontEnd frontEnd = kernel;
        return frontEnd != null && !frontEnd.isSettled() && end.getNow(DaemonEnd.STOPPED) != DaemonEnd.LEFT;
    }

    /** Returns the mount point without symbolic links, without asking what is mounted there. */
    private static Path directory(Path mountPoint) throws IOException {
        try {
            return NativePath.path(FuseMount.place(NativePath.bytes(mountPoint)));
        } catch (ErrnoException e) {
            throw switch (e.errno()) {
                case Errno.ENOTDIR -> new NotDirectoryException(mountPoint.toString());
                case Errno.ENOENT -> new NoSuchFileException(mountPoint.toString());
                default -> e;
            };
        }
    }

    /** Starts to serve what was mounted or taken over. */
    void begin() throws ServiceException {
        lifecycle.start(() -> {
            ErofsFrontEnd frontEnd = kernel;
            if (frontEnd != null) {
                beginByKernel(frontEnd);
                return;
            }
            try {
                fuse.start(this::sessionEnded);
                mounts.start();
            } catch (IOException e) {
                throw ServiceException.of(e);
            }
        });
    }

    private void beginByKernel(ErofsFrontEnd frontEnd) throws ServiceException {
        try {
            watch = ErofsWatch.start(frontEnd, mounts, options, end::complete);
            LOG.log(Level.INFO, "EROFS daemon started!");
            mounts.start();
        } catch (IOException e) {
            throw ServiceException.of(e);
        }
    }

    private void serveApi() throws IOException {
        if (options.apiSocket().isPresent()) {
            Path socket = options.apiSocket().get();
            api = HttpServer.start(socket, new ApiRouter(new DaemonAdministration(this, options, commons, mounts)));
            LOG.log(Level.INFO, "HTTP API server running at " + socket);
        }
    }

    /** Gives the session to whom it is to be kept by. */
    void sendSession() throws ServiceException {
        fuse.send();
    }

    /** Takes the session that a predecessor gave or left. */
    void takeSession() throws ServiceException {
        lifecycle.takeOver(() -> {
            try {
                fuse.receive();
            } catch (IOException e) {
                throw ServiceException.of(e);
            }
        });
    }

    private void sessionEnded(SessionEnd how) {
        switch (how) {
            case UNMOUNTED, ABORTED -> {
                if (end.complete(DaemonEnd.UNMOUNTED)) {
                    LOG.log(Level.INFO, "FUSE channel already closed!");
                }
            }
            case FAILED -> end.complete(DaemonEnd.FAILED);
            case STOPPED -> {}
        }
    }

    /** Returns what the daemon is doing. */
    public DaemonState state() {
        return lifecycle.state();
    }

    /** Returns what is mounted, with all that a successor needs to serve it under the same numbers; it holds secrets. */
    public MountTable mountTable() {
        return mounts.table();
    }

    /**
     * Waits until the daemon's work is over, for whatever reason. It is still to be closed then.
     *
     * @return the reason
     */
    public DaemonEnd await() throws InterruptedException {
        try {
            return end.get();
        } catch (ExecutionException e) {
            throw new AssertionError(e); // never completed by an exception
        }
    }

    /** Ends the work, so that {@link #await} returns; does not wait. */
    public void stop() {
        end.complete(DaemonEnd.STOPPED);
    }

    /**
     * Stops serving without unmounting, and ends the work a moment later, so that whoever asked hears of it.
     */
    void leave() {
        lifecycle.end(() -> {
            fuse.leave();
            Thread.ofVirtual().start(() -> {
                try {
                    Thread.sleep(Duration.ofMillis(100));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                end.complete(DaemonEnd.LEFT);
            });
        });
    }

    /** Stops the API, unmounts unless the mount was left or is gone, and closes the file systems. A second call waits for the first. */
    @Override
    public void close() throws IOException {
        end.complete(DaemonEnd.STOPPED);
        synchronized (closed) {
            if (closed.isDone()) {
                return;
            }
            LOG.log(Level.INFO, "nydusd quits");
            ErofsFrontEnd frontEnd = kernel;
            boolean left = end.join() == DaemonEnd.LEFT;
            if (frontEnd != null && !left && end.join() != DaemonEnd.DETACHED) {
                frontEnd.settle();
            }
            try (dedup;
                    mounts;
                    fuse) {
                HttpServer server = api;
                if (server != null) {
                    server.close();
                }
                if (frontEnd != null) {
                    stopKernel(frontEnd);
                }
            } finally {
                lifecycle.end(() -> {});
                closed.complete(end.join());
                if (frontEnd != null && frontEnd.isSettled()) {
                    frontEnd.forget();
                }
                if (!left) {
                    fuse.forget();
                }
            }
        }
    }

    private void stopKernel(ErofsFrontEnd frontEnd) throws IOException {
        ErofsWatch watching = watch;
        if (watching != null) {
            watching.stop();
        }
        frontEnd.stop();
    }
}
