package io.nydus4j.daemon;

import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.daemon.endpoint.ApiRouter;
import io.nydus4j.daemon.fuse.FuseCommons;
import io.nydus4j.daemon.http.HttpServer;
import io.nydus4j.daemon.metrics.EventLog;
import io.nydus4j.daemon.state.MountTable;
import io.nydus4j.daemon.vfs.Vfs;
import io.nydus4j.linux.fuse.FuseOptions;
import io.nydus4j.linux.fuse.FuseSession;
import io.nydus4j.linux.fuse.SessionEnd;
import io.nydus4j.linux.mount.FuseMountOptions;
import io.nydus4j.linux.mount.MountFlags;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
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
    private static final String SOURCE = "rafs";
    private static final int MAX_LOOPS = 64;
    private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(5);

    private final DaemonOptions options;
    private final FuseCommons commons;
    private final Mounts mounts;
    private final FuseSession session;
    private final CompletableFuture<DaemonEnd> end = new CompletableFuture<>();
    private final CompletableFuture<DaemonEnd> closed = new CompletableFuture<>();
    private volatile DaemonState state = DaemonState.INIT;
    private @Nullable HttpServer api;

    private NydusDaemon(DaemonOptions options, FuseCommons commons, Mounts mounts, FuseSession session) {
        this.options = options;
        this.commons = commons;
        this.mounts = mounts;
        this.session = session;
    }

    /**
     * Opens the image, if one is to be served from the start, mounts, and starts to serve it and the API.
     *
     * @throws IOException if the mount point is no directory, the image cannot be used, or mounting is refused; nothing is left behind
     */
    public static NydusDaemon start(DaemonOptions options) throws IOException {
        Path mountPoint = directory(options.mountPoint());
        FuseCommons commons = new FuseCommons(new EventLog());
        Vfs vfs = new Vfs(commons.requests());
        Mounts mounts = new Mounts(commons, vfs);
        NydusDaemon daemon;
        try {
            mounts.trace(options.traced());
            if (options.image().isPresent()) {
                mounts.mountFirst(options.image().get(), options.virtualMountPoint());
            }
            FuseSession session = FuseSession.mount(
                    FuseMountOptions.readOnly(mountPoint, SOURCE)
                            .withFlags(MountFlags.READ_ONLY
                                    | MountFlags.NO_SUID
                                    | MountFlags.NO_DEVICES
                                    | MountFlags.NO_ACCESS_TIME)
                            .withAllowOther(options.allowOther()),
                    vfs,
                    fuseOptions(options));
            vfs.session(session);
            daemon = new NydusDaemon(options, commons, mounts, session);
        } catch (IOException | RuntimeException e) {
            mounts.close();
            throw e;
        }
        try {
            daemon.serve();
            return daemon;
        } catch (IOException | RuntimeException e) {
            daemon.close();
            throw e;
        }
    }

    /** Returns the mount point without symbolic links. */
    private static Path directory(Path mountPoint) throws IOException {
        Path real = mountPoint.toRealPath();
        if (!Files.isDirectory(real)) {
            throw Files.exists(real)
                    ? new NotDirectoryException(mountPoint.toString())
                    : new NoSuchFileException(mountPoint.toString());
        }
        return real;
    }

    private static FuseOptions fuseOptions(DaemonOptions options) {
        FuseOptions defaults = FuseOptions.defaults();
        return options.threads() == 0 ? defaults : defaults.withThreads(Math.min(options.threads(), MAX_LOOPS));
    }

    private void serve() throws IOException {
        session.start();
        state = DaemonState.RUNNING;
        var _ = session.ended().thenAccept(this::sessionEnded);
        LOG.log(Level.INFO, "Fuse daemon started!");
        if (options.apiSocket().isPresent()) {
            Path socket = options.apiSocket().get();
            api = HttpServer.start(socket, new ApiRouter(new DaemonAdministration(this, options, commons, mounts)));
            LOG.log(Level.INFO, "HTTP API server running at " + socket);
        }
        mounts.start();
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
        return state;
    }

    /** Returns what is mounted, with all that a successor needs to serve it under the same numbers; it holds secrets. */
    public MountTable mountTable() {
        return mounts.table();
    }

    FuseSession session() {
        return session;
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
        try {
            if (!session.leave(LEAVE_PATIENCE)) {
                LOG.log(Level.WARNING, "some requests were not answered before leaving");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        state = DaemonState.STOPPED;
        Thread.ofVirtual().start(() -> {
            try {
                Thread.sleep(Duration.ofMillis(100));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            end.complete(DaemonEnd.LEFT);
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
            try (mounts;
                    session) {
                HttpServer server = api;
                if (server != null) {
                    server.close();
                }
            } finally {
                state = DaemonState.STOPPED;
                closed.complete(end.join());
            }
        }
    }
}
