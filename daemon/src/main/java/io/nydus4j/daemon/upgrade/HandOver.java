package io.nydus4j.daemon.upgrade;

import io.nydus4j.linux.file.Descriptor;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * What keeps a FUSE mount alive while one daemon goes and the next comes: a holder of its descriptor, and a file with the state beside
 * it. Safe for use by several threads.
 */
public final class HandOver {
    private static final String STATE = "session.json";
    private static final String DEVICE = "fuse";

    private final RunFolder folder;
    private final DescriptorHolder holder;
    private final ReentrantLock lock = new ReentrantLock();

    private HandOver(RunFolder folder, DescriptorHolder holder) {
        this.folder = folder;
        this.holder = holder;
    }

    /** Chooses by the environment who holds the descriptor: the service manager if it offers to, else a process of its own. */
    public static HandOver in(RunFolder folder, Map<String, String> environment) {
        return new HandOver(folder, DescriptorHolder.in(folder, environment));
    }

    /** Tells which process serves the mount now; empty if none does. */
    public Optional<ProcessMark> serving() throws IOException {
        return state().map(SessionState::daemon).filter(ProcessMark::isAlive);
    }

    /** Returns what was saved last; empty if nothing was. */
    public Optional<SessionState> state() throws IOException {
        Optional<byte[]> document = folder.read(STATE);
        return document.isPresent() ? Optional.of(SessionState.parse(document.get())) : Optional.empty();
    }

    /** Takes what a predecessor left, whether it still serves or not; empty if there is nothing to take over. */
    public Optional<Inheritance> take() throws IOException {
        Map<String, Descriptor> taken = new HashMap<>(holder.take());
        Descriptor device = taken.remove(DEVICE);
        for (Descriptor other : taken.values()) {
            other.close();
        }
        Optional<SessionState> state = state();
        if (device == null || state.isEmpty()) {
            if (device != null) {
                device.close();
            }
            return Optional.empty();
        }
        return Optional.of(new Inheritance(state.get(), device));
    }

    /** Has the descriptor of a new mount held; call {@link #save} first. */
    public void hold(Descriptor device) throws IOException {
        holder.hold(Map.of(DEVICE, device));
    }

    /** Writes what a successor must know; {@code state} is asked when it is this call's turn. */
    public void save(Supplier<SessionState> state) throws IOException {
        lock.lock();
        try {
            folder.write(STATE, state.get().toJson());
        } finally {
            lock.unlock();
        }
    }

    /** Leaves nothing to a successor; the mount is gone. */
    public void forget() throws IOException {
        holder.release();
        folder.remove(STATE);
    }
}
