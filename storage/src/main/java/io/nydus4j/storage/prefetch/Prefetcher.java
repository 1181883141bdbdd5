package io.nydus4j.storage.prefetch;

import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.RateLimit;
import io.nydus4j.storage.cache.CachedBlob;
import io.nydus4j.storage.config.PrefetchConfiguration;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Runs the prefetch requests of one cache: a queue, and a fixed number of workers that take from it in order. Safe for use by several
 * threads.
 *
 * <p>What cannot be fetched is left to who needs it. A whole-blob request that fails is tried again after a second, up to
 * {@value #MOST_RETRIES} times for the life of the prefetcher.
 */
public final class Prefetcher implements AutoCloseable {
    private static final long LEAST_BANDWIDTH = 16 << 20;

    private static final Logger LOGGER = System.getLogger(Prefetcher.class.getName());
    private static final int MOST_RETRIES = 32;
    private static final long RETRY_MILLIS = 1000;

    private final CacheCounters counters;
    private final RateLimit rateLimit;
    private final List<Thread> workers = new ArrayList<>();

    /** Guards the fields below. */
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Request> queue = new ArrayDeque<>();
    private int running;
    private int retries;
    private boolean closed;

    /**
     * A request.
     *
     * @param blob       whose data
     * @param offset     start in the uncompressed address space, in bytes
     * @param length     plain bytes
     * @param storedSize stored bytes that this is about, for counting
     * @param retry      whether it is tried again if it fails
     * @param submitted  when it was made, in nanoseconds of {@link System#nanoTime()}
     */
    private record Request(CachedBlob blob, long offset, long length, long storedSize, boolean retry, long submitted) {}

    /**
     * Starts the workers.
     *
     * @param configuration says how many, and how fast
     * @param counters      counts what is done
     */
    public Prefetcher(PrefetchConfiguration configuration, CacheCounters counters) {
        this.counters = counters;
        this.rateLimit = limitOf(configuration);
        for (int i = 0; i < configuration.threads(); i++) {
            workers.add(Thread.ofVirtual().name("nydus_storage_worker_" + i).start(this::work));
        }
        counters.prefetchWorkers(workers.size());
    }

    /**
     * Asks for a range of a blob; returns at once.
     *
     * @param blob       whose data
     * @param offset     start in the uncompressed address space, in bytes
     * @param length     plain bytes
     * @param storedSize stored bytes that this is about, for counting
     * @param retry      whether to try again if it fails
     */
    public void submit(CachedBlob blob, long offset, long length, long storedSize, boolean retry) {
        add(new Request(blob, offset, length, storedSize, retry, System.nanoTime()));
    }

    private void add(Request request) {
        lock.lock();
        try {
            if (!closed) {
                queue.addLast(request);
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Drops what is queued for a blob. What is under way goes on; the blob's own close waits for it. */
    public void forget(CachedBlob blob) {
        lock.lock();
        try {
            queue.removeIf(request -> request.blob() == blob);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until nothing is queued or under way.
     *
     * @return whether that came to be in time
     */
    public boolean awaitIdle(long timeout, TimeUnit unit) throws InterruptedException {
        long left = unit.toNanos(timeout);
        lock.lockInterruptibly();
        try {
            while (!queue.isEmpty() || running > 0) {
                if (left <= 0) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void work() {
        try {
            for (Request request = next(); request != null; request = next()) {
                try {
                    run(request);
                } finally {
                    done();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            counters.prefetchWorkers(-1);
        }
    }

    private @Nullable Request next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (queue.isEmpty() && !closed) {
                changed.await();
            }
            if (closed) {
                return null;
            }
            running++;
            return queue.removeFirst();
        } finally {
            lock.unlock();
        }
    }

    private void done() {
        lock.lock();
        try {
            running--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void run(Request request) throws InterruptedException {
        rateLimit.take(request.storedSize());
        try {
            request.blob().prefetch(request.offset(), request.length());
            counters.prefetchRan(
                    request.storedSize(), TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - request.submitted()));
        } catch (IOException e) {
            counters.prefetchRan(request.storedSize(), -1);
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            LOGGER.log(Level.DEBUG, "Prefetching failed: {0}", e.getMessage());
            if (request.retry() && mayRetry()) {
                Thread.ofVirtual().name("nydus-prefetch-retry").start(() -> retryLater(request));
            }
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "Prefetching failed", e);
        }
    }

    private boolean mayRetry() {
        lock.lock();
        try {
            return !closed && retries++ < MOST_RETRIES;
        } finally {
            lock.unlock();
        }
    }

    private void retryLater(Request request) {
        try {
            Thread.sleep(RETRY_MILLIS);
            add(request);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Drops what is queued and stops the workers; waits for neither. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            queue.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        workers.forEach(Thread::interrupt);
    }

    /** Returns the limit of a configuration; as in the reference, less than 16 MiB a second is raised to that. */
    static RateLimit limitOf(PrefetchConfiguration configuration) {
        long limit = configuration.bandwidthLimit();
        return new RateLimit(limit == 0 ? 0 : Math.max(limit, LEAST_BANDWIDTH));
    }
}
