package io.nydus4j.daemon;

import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.metrics.FileSystemCounters;
import io.nydus4j.daemon.upgrade.Inheritance;
import io.nydus4j.daemon.vfs.Vfs;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.fuse.FuseConnection;
import io.nydus4j.linux.fuse.FuseOptions;
import io.nydus4j.linux.fuse.FuseSession;
import io.nydus4j.linux.fuse.SessionEnd;
import io.nydus4j.linux.mount.FuseMountOptions;
import io.nydus4j.linux.mount.MountFlags;
import io.nydus4j.linux.mount.MountTable;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets a daemon answer the kernel's requests in one FUSE mount: its session, from when it is mounted or taken over from a predecessor
 * until it is unmounted or left to a successor. There is none where the kernel serves by itself.
 *
 * <p>Who obtains a session or starts it does so in an event of the {@link Lifecycle}, one after the other; all else is safe for use by
 * several threads.
 */
final class FuseFrontEnd implements AutoCloseable {
    private static final Logger LOG = System.getLogger(FuseFrontEnd.class.getName());
    private static final String SOURCE = "rafs";
    private static final int MAX_LOOPS = 64;
    private static final Duration LEAVE_PATIENCE = Duration.ofSeconds(5);
    /** The kernel sends a successor what is not answered by then. */
    private static final Duration REPEATABLE_PATIENCE = Duration.ofMillis(50);

    private final DaemonOptions options;
    private final Vfs vfs;
    private final Mounts mounts;
    private final Continuity continuity;
    private volatile @Nullable FuseSession session;
    private volatile boolean adopted;

    /** Makes it without a session. */
    FuseFrontEnd(DaemonOptions options, Vfs vfs, Mounts mounts) throws IOException {
        this.options = options;
        this.vfs = vfs;
        this.mounts = mounts;
        this.continuity = new Continuity(options, vfs, mounts);
    }

    /** Tells whether the API shall say when to take over, and from whom. */
    boolean waits(Path mountPoint) throws IOException {
        if (options.apiSocket().isEmpty()) {
            return false;
        }
        return options.upgrade()
                || !continuity.isAutomatic()
                        && hasCrashed(mountPoint, options.apiSocket().get());
    }

    /** Tells whether there is still the mount and the socket of a daemon that has died. */
    private static boolean hasCrashed(Path mountPoint, Path socket) throws IOException {
        if (!Files.exists(socket)
                || MountTable.find(NativePath.bytes(mountPoint))
                        .filter(mount -> mount.type().startsWith("fuse"))
                        .isEmpty()) {
            return false;
        }
        try (UnixSocket _ = UnixSocket.connect(NativePath.bytes(socket))) {
            return false;
        } catch (ErrnoException e) {
            return true;
        }
    }

    /**
     * Takes the session of a predecessor that has died, and opens what it served, if there is one.
     *
     * @return whether there was
     */
    boolean inherit() throws IOException, ServiceException {
        Optional<Inheritance> inheritance = continuity.inherited();
        if (inheritance.isPresent()) {
            adopt(inheritance.get());
        }
        return inheritance.isPresent();
    }

    private void adopt(Inheritance inheritance) throws IOException, ServiceException {
        FuseSession taken = continuity.adopt(inheritance, fuseOptions());
        vfs.session(taken);
        adopted = true;
        session = taken;
    }

    /** Mounts what was opened; requests wait in the kernel until {@link #start}. */
    void mount(Path mountPoint) throws IOException {
        FuseSession mounted = FuseSession.mount(
                FuseMountOptions.readOnly(mountPoint, SOURCE)
                        .withFlags((options.writable() ? 0 : MountFlags.READ_ONLY)
                                | MountFlags.NO_SUID
                                | MountFlags.NO_DEVICES
                                | MountFlags.NO_ACCESS_TIME)
                        .withAllowOther(options.allowOther()),
                vfs,
                fuseOptions());
        vfs.session(mounted);
        session = mounted;
        continuity.hold(mounted);
    }

    private FuseOptions fuseOptions() {
        FuseOptions defaults = FuseOptions.defaults();
        if (options.writable()) {
            defaults = defaults.forWriting();
        }
        return options.threads() == 0 ? defaults : defaults.withThreads(Math.min(options.threads(), MAX_LOOPS));
    }

    /** Tells whether the session is a predecessor's. */
    boolean isAdopted() {
        return adopted;
    }

    /**
     * Starts to answer what was mounted or taken over.
     *
     * @param ended told how the session ended
     */
    void start(Consumer<SessionEnd> ended) throws IOException, ServiceException {
        FuseSession current = session;
        if (current == null) {
            throw ServiceException.other("failed to start service, failed to create FUSE server, ");
        }
        if (adopted) {
            options.failoverPolicy().apply(current);
        }
        current.start();
        var _ = current.ended().thenAccept(ended);
        LOG.log(Level.INFO, "Fuse daemon started!");
        continuity.note(current);
        mounts.onChange(() -> continuity.note(current));
    }

    /** Gives the session to whom it is to be kept by. */
    void send() throws ServiceException {
        FuseSession current = session;
        if (current == null) {
            throw new ServiceException(ServiceException.Kind.NOT_READY, "");
        }
        continuity.send(current);
    }

    /** Takes the session that a predecessor gave or left, and opens what it serves. */
    void receive() throws IOException, ServiceException {
        adopt(continuity.receive());
        rehearse();
    }

    /** Warms up while the predecessor still serves. Nothing is to show of it, so not where it is noted who reads what. */
    private void rehearse() {
        FuseSession taken = session;
        if (taken == null || options.traced()) {
            return;
        }
        try {
            taken.rehearse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        for (ServedFileSystem fileSystem : mounts.list()) {
            fileSystem.counters().ifPresent(FileSystemCounters::reset);
        }
    }

    /** Stops to answer without unmounting, when what was asked is answered or can be asked again of a successor. */
    void leave() {
        FuseSession current = session;
        if (current == null) {
            return;
        }
        boolean repeatable = current.connection().has(FuseConnection.HAS_RESEND);
        try {
            if (!current.leave(repeatable ? REPEATABLE_PATIENCE : LEAVE_PATIENCE)) {
                LOG.log(repeatable ? Level.DEBUG : Level.WARNING, "some requests were not answered before leaving");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Unmounts, unless the session was left or is gone. */
    @Override
    public void close() throws IOException {
        FuseSession current = session;
        if (current != null) {
            current.close();
        }
    }

    /** Leaves nothing of the session to a successor. */
    void forget() throws IOException {
        if (session != null) {
            continuity.forget();
        }
    }
}
