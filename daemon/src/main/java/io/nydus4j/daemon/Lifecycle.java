package io.nydus4j.daemon;

import io.nydus4j.daemon.api.DaemonState;
import io.nydus4j.daemon.api.ServiceException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What a daemon is doing, and which events it takes then. Safe for use by several threads: events are handled one after the other.
 *
 * <p>As in the reference, an event counts as handled even if what it asked for failed, while the state that is shown stays: a daemon that
 * could not take over shows {@code INIT}, but takes no second try.
 */
final class Lifecycle {
    /** What an event asks for. */
    @FunctionalInterface
    interface Action {
        void run() throws ServiceException;
    }

    private enum Phase {
        INIT,
        READY,
        RUNNING,
        ENDED
    }

    /** Held for as long as an event takes, which may be long: the next one must wait for it. */
    private final ReentrantLock turn = new ReentrantLock();

    private volatile Phase phase = Phase.INIT;
    private volatile DaemonState shown = DaemonState.INIT;

    /** Returns what is shown. */
    DaemonState state() {
        return shown;
    }

    /** Takes a predecessor's session. */
    void takeOver(Action action) throws ServiceException {
        handle("Takeover", Phase.INIT, Phase.READY, action, DaemonState.READY);
    }

    /** Mounts, which is not shown. */
    void mount(Action action) throws ServiceException {
        handle("Mount", Phase.INIT, Phase.READY, action, DaemonState.INIT);
    }

    /** Starts to answer requests. */
    void start(Action action) throws ServiceException {
        handle("Start", Phase.READY, Phase.RUNNING, action, DaemonState.RUNNING);
    }

    private void handle(String event, Phase from, Phase to, Action action, DaemonState then) throws ServiceException {
        turn.lock();
        try {
            if (phase != from) {
                throw ServiceException.unexpectedEvent(event);
            }
            phase = to;
            action.run();
            shown = then;
        } finally {
            turn.unlock();
        }
    }

    /** Ends, whatever went on. */
    void end(Runnable action) {
        turn.lock();
        try {
            if (phase != Phase.ENDED) {
                phase = Phase.ENDED;
                action.run();
                shown = DaemonState.STOPPED;
            }
        } finally {
            turn.unlock();
        }
    }
}
