package io.nydus4j.cli.nydusd;

import io.nydus4j.daemon.NydusDaemon;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Ends a daemon in good order when the process is told to end by SIGTERM, SIGINT or SIGHUP, and then the process with exit code 0, as
 * the reference does. (Java's own code for a signal would be 128 and its number.)
 */
final class StopOnSignal {
    /** How long a daemon that is just starting may take until it can be stopped, and a running one to stop. */
    private static final int PATIENCE_SECONDS = 20;

    private final AtomicReference<@Nullable NydusDaemon> daemon = new AtomicReference<>();
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(1);

    private StopOnSignal() {}

    /** Starts to listen. */
    static StopOnSignal install() {
        StopOnSignal signals = new StopOnSignal();
        Runtime.getRuntime().addShutdownHook(new Thread(signals::stop, "nydusd-stop"));
        return signals;
    }

    /** Says that there is a daemon to stop. */
    void watch(NydusDaemon running) {
        daemon.set(running);
        started.countDown();
    }

    /** Says that the daemon has ended, or never was. */
    void done() {
        done.countDown();
        started.countDown();
    }

    /** Runs when the process ends, for whatever reason. */
    private void stop() {
        if (done.getCount() == 0) {
            return;
        }
        try {
            boolean known = started.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            NydusDaemon running = daemon.get();
            if (running != null) {
                running.stop();
            }
            while (running != null && running.isNeeded() && done.getCount() > 0) {
                if (done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    break;
                }
            }
            if (known && done.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                Runtime.getRuntime().halt(0);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
