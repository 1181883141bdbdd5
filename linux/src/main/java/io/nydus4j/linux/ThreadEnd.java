package io.nydus4j.linux;

/** Waits for threads that have been told to end, or soon do. */
public final class ThreadEnd {
    private ThreadEnd() {}

    /** Waits until a thread has ended; an interrupt meanwhile is kept for later. */
    public static void await(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
