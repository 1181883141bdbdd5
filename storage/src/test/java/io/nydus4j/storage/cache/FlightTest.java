package io.nydus4j.storage.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who waits for a flight gets on as soon as it can, and not before. */
@Timeout(60)
final class FlightTest {
    private static final int FIRST = 10;

    private final ReadyBits ready = new ReadyBits(20);
    /** Works on 10, 11 and 13. */
    private final Flight flight = new Flight(Flight.Kind.DEMAND, FIRST, 13, 13, claims(0, 1, 3));

    private static BitSet claims(int... positions) {
        BitSet claimed = new BitSet();
        for (int position : positions) {
            claimed.set(position);
        }
        return claimed;
    }

    private Future<?> waiter(ExecutorService threads, int from, int upTo) throws InterruptedException {
        CountDownLatch started = new CountDownLatch(1);
        Future<?> waiter = threads.submit(() -> {
            started.countDown();
            flight.await(ready, from, upTo);
            return null;
        });
        started.await();
        return waiter;
    }

    private void land(int position) {
        ready.set(position);
        flight.landed();
    }

    @Test
    void readerGoesOnWhenItsOwnChunksAreReadyThoughOthersAreNot() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> one = waiter(threads, FIRST, FIRST);
            Future<?> two = waiter(threads, 0, 11);
            land(FIRST);
            one.get(30, TimeUnit.SECONDS);
            assertThat(two.isDone()).isFalse();
            land(11);
            two.get(30, TimeUnit.SECONDS);
            flight.end();
        }
    }

    @Test
    void readerDoesNotWaitForChunksOfOthers() throws Exception {
        flight.await(ready, 12, 12);
        flight.await(ready, 0, 9);
        flight.await(ready, 14, 19);
    }

    @Test
    void chunkThatFailedIsWaitedForUntilTheFlightEnds() throws Exception {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> failing = waiter(threads, 13, 13);
            flight.fail(13, new IOException("damaged"));
            land(FIRST);
            assertThat(failing.isDone()).isFalse(); // it may be asked for again
            flight.end();
            failing.get(30, TimeUnit.SECONDS);
            assertThat(flight.failureOf(13)).hasMessage("damaged");
        }
    }
}
