package io.nydus4j.build.source;

import io.nydus4j.linux.ThreadEnd;
import java.util.ArrayList;
import java.util.List;

/** The threads that work on one thing together. Used by the thread that starts them. */
public final class Workers {
    private final List<Thread> threads = new ArrayList<>();

    /** Starts a thread; {@code body} deals with its own failures. */
    public void start(String name, Runnable body) {
        threads.add(Thread.ofPlatform().name(name).daemon().start(body));
    }

    /**
     * Waits until all have ended.
     *
     * @throws InterruptedException if the calling thread is interrupted, even if there is nothing to wait for; some may still run then
     */
    public void join() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    /** Waits until all, which have been told to end, have done so. An interrupt meanwhile is kept for later. */
    public void joinAnyway() {
        threads.forEach(ThreadEnd::await);
    }
}
