package io.nydus4j.daemon.vfs;

import io.nydus4j.daemon.api.InflightRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** The requests that are being worked on, by loops and by threads that answer later. Safe for use by several threads. */
public final class RequestTable {
    private final List<LoopRequest> loops = new CopyOnWriteArrayList<>();
    private final ThreadLocal<LoopRequest> current = ThreadLocal.withInitial(this::newLoop);
    private final Set<InflightRequest> detached = ConcurrentHashMap.newKeySet();

    /** Makes a table without requests. */
    public RequestTable() {}

    /** Takes requests. */
    @FunctionalInterface
    interface Sink {
        void add(long nodeId, int opcode, long unique, long startSeconds);
    }

    private LoopRequest newLoop() {
        LoopRequest loop = new LoopRequest();
        loops.add(loop);
        return loop;
    }

    /** Returns what this thread shows. */
    LoopRequest current() {
        return current.get();
    }

    /** Adds a request that a thread of its own answers. */
    public void add(InflightRequest request) {
        detached.add(request);
    }

    /** Removes such a request. */
    public void remove(InflightRequest request) {
        detached.remove(request);
    }

    /** Waits until no loop uses a file system, which none can find any more. Loops never wait, so this is soon. */
    void awaitUnused(MountedFileSystem fileSystem) throws InterruptedException {
        for (LoopRequest loop : loops) {
            while (loop.uses(fileSystem)) {
                Thread.sleep(1);
            }
        }
    }

    /** Returns the requests; those of loops may be torn, for loops do not wait for us. */
    public List<InflightRequest> snapshot() {
        List<InflightRequest> requests = new ArrayList<>(detached);
        Sink sink = (node, opcode, unique, start) -> requests.add(new InflightRequest(node, opcode, unique, start));
        for (LoopRequest loop : loops) {
            loop.addTo(sink);
        }
        return requests;
    }
}
