package io.nydus4j.rafs.tree;

import java.util.concurrent.ForkJoinTask;

/** Runs two pieces of work at the same time, for what takes long with a large tree. */
public final class TwoAtATime {
    private TwoAtATime() {}

    /**
     * Runs {@code first} on the calling thread and {@code second} beside it if there is a processor for it, and returns when both have
     * ended. What one of them throws is thrown here, the first one's before the second one's.
     *
     * @param first  does not wait for the second
     * @param second touches nothing that the first changes, and the other way round
     */
    public static void run(Runnable first, Runnable second) {
        ForkJoinTask<?> other = ForkJoinTask.adapt(second).fork();
        try {
            first.run();
        } finally {
            other.quietlyJoin();
        }
        other.join();
    }
}
