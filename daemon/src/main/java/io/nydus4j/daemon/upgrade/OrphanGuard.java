package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.RawBytes;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.file.NativePath;
import io.nydus4j.linux.socket.UnixSocket;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A process that does something once the daemon has died and nobody has followed it for a while. Until then it is a shell that waits for
 * the end of the daemon, which it hears of at once, and keeps a descriptor open as a {@link DescriptorHolder} does, beside that one: only
 * if all three are killed at the same time is the descriptor lost.
 *
 * <p>If the guard is ended by somebody else, the daemon starts another one; a successor ends its predecessor's. Which process it is stands
 * in a file of the run folder. Safe for use by several threads.
 */
public final class OrphanGuard {
    private static final Logger LOG = System.getLogger(OrphanGuard.class.getName());
    private static final String FILE = "guard.json";
    private static final String MESSAGES = "guard.log";

    /** Names in the order of the numbers that the shell knows. */
    private static final String KEPT = "kept";

    private static final String LIFE = "life";

    /** Number of the descriptor that is kept, in the guard. */
    public static final int KEPT_NUMBER = 3;

    /** The last word of the task: it shall only say whether it can run. */
    public static final String READY = "ready";

    /** The last word of the task: it shall run. */
    public static final String RUN = "run";

    /**
     * The daemon has the other end of 4 and never writes. As long as the task cannot start, be it for want of memory, the shell goes on to
     * keep the descriptor, always by the same number, which a redirection of a single command may change. What it starts meanwhile does not
     * have it: who kills the shell must get rid of it.
     */
    private static final String SCRIPT = """
        trap '' HUP INT
        read -r line <&4
        exec 4<&-
        trap '' TERM
        command exec 2>>"$1"
        (exec 3<&-; exec sleep "$2")
        shift 2
        until (exec 3<&-; exec "$@" ready); do (exec 3<&-; exec sleep 5); done
        exec "$@" run
        """;

    private final RunFolder folder;
    private final ReentrantLock lock = new ReentrantLock();
    private List<UnixSocket> life = List.of();
    private List<String> command = List.of();
    private Map<String, Descriptor> given = Map.of();
    /** Null if this daemon has none. */
    private @Nullable KeptProcess process;

    /** Makes one whose file is in a folder; starts nothing. */
    public OrphanGuard(RunFolder folder) {
        this.folder = folder;
    }

    /**
     * Starts the process, and then ends the one that a predecessor left, so that one of both always has what is kept.
     *
     * @param kept     kept open by it; stays the caller's, to be kept open until {@link #leave} or {@link #end}
     * @param patience how long after the daemon's end it begins, in whole seconds
     * @param task     program and arguments, run with one more: {@link #READY}, again and again until that ends with 0, and then {@link #RUN}.
     *                 Its errors go to a file of the run folder
     */
    public void start(Descriptor kept, Duration patience, List<String> task) throws IOException {
        lock.lock();
        try {
            life = UnixSocket.pair();
            given = Map.of(KEPT, kept, LIFE, life.getLast().descriptor());
            command = new ArrayList<>(List.of(
                    "sh",
                    "-c",
                    SCRIPT,
                    "nydus-guard",
                    RawBytes.text(NativePath.bytes(folder.path().resolve(MESSAGES))),
                    Long.toString(patience.toSeconds())));
            command.addAll(task);
            Optional<KeptProcess> predecessors = KeptProcess.find(folder, FILE);
            launch();
            if (predecessors.isPresent()) {
                predecessors.get().kill();
            }
        } finally {
            lock.unlock();
        }
    }

    private void launch() throws IOException {
        KeptProcess started = KeptProcess.start(folder, FILE, command, given);
        process = started;
        started.whenEnded(() -> ended(started));
    }

    private void ended(KeptProcess which) {
        lock.lock();
        try {
            if (which == process) {
                LOG.log(Level.WARNING, "process {0}, the guard of the mounts, was ended; starting another", which.id());
                launch();
            }
        } catch (IOException e) {
            LOG.log(Level.ERROR, "the mounts have no guard any more: " + e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    /** Returns a duplicate of what a predecessor's guard keeps, for the caller to close; empty if there is none. */
    public Optional<Descriptor> take() throws IOException {
        Optional<KeptProcess> predecessors = KeptProcess.find(folder, FILE);
        if (predecessors.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(predecessors.get().take(KEPT));
        } catch (ErrnoException e) {
            if (KeptProcess.find(folder, FILE).isEmpty()) {
                return Optional.empty(); // it has done its work meanwhile
            }
            throw e;
        }
    }

    /** Leaves the guard to itself, as this daemon's death does. */
    public void leave() {
        lock.lock();
        try {
            process = null;
            closeLife();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends the guard, this daemon's or a predecessor's; returns when it is gone.
     *
     * @throws IOException if it does not go
     */
    public void end() throws IOException {
        lock.lock();
        try {
            KeptProcess last =
                    process != null ? process : KeptProcess.find(folder, FILE).orElse(null);
            process = null;
            if (last != null) {
                last.kill();
            }
            closeLife();
            folder.remove(FILE);
        } finally {
            lock.unlock();
        }
    }

    /** Tells a guard whether it is another one that counts, and lives: a daemon died when it had just started one, or was about to end one. */
    public boolean isAnother() throws IOException {
        return KeptProcess.find(folder, FILE)
                .filter(guard -> guard.id() != ProcessHandle.current().pid())
                .isPresent();
    }

    /** Says that there is none, as the last thing that a guard does. */
    public void forget() throws IOException {
        folder.remove(FILE);
    }

    private void closeLife() {
        try {
            for (UnixSocket end : life) {
                end.close();
            }
        } catch (ErrnoException e) {
            LOG.log(Level.WARNING, "closing a socket: " + e.getMessage());
        }
        life = List.of();
        given = Map.of();
    }
}
