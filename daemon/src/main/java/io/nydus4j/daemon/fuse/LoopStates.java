package io.nydus4j.daemon.fuse;

import io.nydus4j.rafs.Bootstrap;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What each loop thread keeps for itself, shared by the images of one daemon. Safe for use by several threads. */
public final class LoopStates {
    private final List<LoopState> states = new CopyOnWriteArrayList<>();
    private final ThreadLocal<LoopState> current = ThreadLocal.withInitial(this::add);

    /** Makes it for loops that are yet to start. */
    public LoopStates() {}

    private LoopState add() {
        LoopState state = new LoopState();
        states.add(state);
        return state;
    }

    /** Returns what this thread keeps. */
    LoopState current() {
        return current.get();
    }

    /** Drops what loops keep of an image, which none of them uses any more. */
    void forget(Bootstrap bootstrap) {
        states.forEach(state -> state.forget(bootstrap));
    }
}
