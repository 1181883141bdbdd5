package io.nydus4j.daemon;

import io.nydus4j.daemon.api.ServiceException;
import io.nydus4j.daemon.upgrade.HandOver;
import io.nydus4j.daemon.upgrade.Inheritance;
import io.nydus4j.daemon.upgrade.ProcessMark;
import io.nydus4j.daemon.upgrade.RunFolder;
import io.nydus4j.daemon.upgrade.SessionState;
import io.nydus4j.daemon.upgrade.Supervisor;
import io.nydus4j.daemon.vfs.Vfs;
import io.nydus4j.linux.fuse.FuseOptions;
import io.nydus4j.linux.fuse.FuseSession;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

/**
 * How a daemon's session outlives the daemon: given to a supervisor when the API says so, or held by way of a run folder all the time.
 * Safe for use by several threads.
 */
final class Continuity {
    private static final Logger LOG = System.getLogger(Continuity.class.getName());
    private static final String NO_SUPERVISOR = "MissingSupervisorPath";

    private final Optional<Supervisor> supervisor;
    private final Optional<HandOver> handOver;
    private final Vfs vfs;
    private final Mounts mounts;

    Continuity(DaemonOptions options, Vfs vfs, Mounts mounts) throws IOException {
        supervisor = options.supervisor().map(Supervisor::new);
        handOver = options.runFolder().isPresent()
                ? Optional.of(HandOver.in(RunFolder.open(options.runFolder().get()), System.getenv()))
                : Optional.empty();
        this.vfs = vfs;
        this.mounts = mounts;
    }

    /** Tells whether a successor needs nobody to tell it what to do. */
    boolean isAutomatic() {
        return handOver.isPresent();
    }

    /**
     * Returns what a predecessor left that has died; empty if there is nothing to take over. What is left of a mount that nobody holds
     * is taken away then.
     *
     * @throws IOException if the predecessor is alive
     */
    Optional<Inheritance> inherited() throws IOException {
        if (handOver.isEmpty()) {
            return Optional.empty();
        }
        HandOver left = handOver.get();
        Optional<ProcessMark> serving = left.serving();
        if (serving.isPresent()) {
            throw new IOException("process " + serving.get().id()
                    + " serves the mount: it is taken over by --upgrade with an API socket of its own");
        }
        Optional<Inheritance> inheritance = left.take();
        if (inheritance.isEmpty()) {
            Optional<SessionState> dead = left.state();
            if (dead.isPresent()) {
                dead.get().mount().unmount();
                left.forget();
            }
        }
        return inheritance;
    }

    /** Opens what a predecessor served, and takes its session, whose requests wait in the kernel until it is started. */
    FuseSession adopt(Inheritance inheritance, FuseOptions options) throws IOException, ServiceException {
        SessionState state = inheritance.state();
        try {
            mounts.restore(state.mounts());
            FuseSession session =
                    FuseSession.takeOver(inheritance.device(), state.mount(), state.connection(), vfs, options);
            LOG.log(Level.INFO, "took over the mount {0}", state);
            return session;
        } catch (IOException | ServiceException | RuntimeException e) {
            inheritance.device().close();
            throw e;
        }
    }

    /** Has a new session held from now on. */
    void hold(FuseSession session) throws IOException {
        if (handOver.isPresent()) {
            handOver.get().save(() -> state(session));
            handOver.get().hold(session.device());
        }
    }

    /** Notes what is served now, and that it is this process that does. */
    void note(FuseSession session) {
        try {
            if (handOver.isPresent()) {
                handOver.get().save(() -> state(session));
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "a successor would not know what is mounted: " + e.getMessage());
        }
    }

    private SessionState state(FuseSession session) {
        return new SessionState(ProcessMark.current(), session.mount(), session.connection(), mounts.table());
    }

    /** Gives the session to whom it is to be kept by. */
    void send(FuseSession session) throws ServiceException {
        if (supervisor.isPresent()) {
            supervisor.get().save(state(session), session.device());
        } else if (handOver.isPresent()) {
            note(session); // it is held already
        } else {
            throw new ServiceException(ServiceException.Kind.UPGRADE, NO_SUPERVISOR);
        }
    }

    /** Takes what a predecessor gave or left, whether it still serves or not. */
    Inheritance receive() throws IOException, ServiceException {
        if (supervisor.isPresent()) {
            return supervisor.get().restore();
        }
        if (handOver.isEmpty()) {
            throw new ServiceException(ServiceException.Kind.UPGRADE, NO_SUPERVISOR);
        }
        return handOver.get()
                .take()
                .orElseThrow(
                        () -> new ServiceException(ServiceException.Kind.UPGRADE, "StorageBackendError(NoEnoughFds)"));
    }

    /** Leaves nothing to a successor. */
    void forget() throws IOException {
        if (handOver.isPresent()) {
            handOver.get().forget();
        }
    }
}
