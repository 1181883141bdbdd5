package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.api.InflightRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The requests that are being worked on, by loops and by threads that answer later. Safe for use by several threads. */
final class InflightTable {
    private final List<LoopState> loops = new CopyOnWriteArrayList<>();
    private final Set<InflightRequest> detached = ConcurrentHashMap.newKeySet();

    /** Takes requests. */
    @FunctionalInterface
    interface Sink {
        void add(long nodeId, int opcode, long unique, long startSeconds);
    }

    /** Adds a loop. */
    LoopState newLoop() {
        LoopState loop = new LoopState();
        loops.add(loop);
        return loop;
    }

    /** Adds a request that a thread of its own answers. */
    void add(InflightRequest request) {
        detached.add(request);
    }

    /** Removes such a request. */
    void remove(InflightRequest request) {
        detached.remove(request);
    }

    /** Returns the requests; those of loops may be torn, for loops do not wait for us. */
    List<InflightRequest> snapshot() {
        List<InflightRequest> requests = new ArrayList<>(detached);
        Sink sink = (node, opcode, unique, start) -> requests.add(new InflightRequest(node, opcode, unique, start));
        for (LoopState loop : loops) {
            loop.addTo(sink);
        }
        return requests;
    }
}
