package io.nydus4j.blob.codec;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Supplier;

/**
 * Keeps a few contexts of a codec for reuse: enough for every processor, however many threads come by. Safe for use by several threads.
 *
 * @param <T> the context, used by one thread at a time
 */
final class ContextPool<T> {
    private final Supplier<T> maker;
    private final ArrayBlockingQueue<T> idle =
            new ArrayBlockingQueue<>(Math.max(4, 2 * Runtime.getRuntime().availableProcessors()));

    /** @param maker makes a context when none is idle */
    ContextPool(Supplier<T> maker) {
        this.maker = maker;
    }

    /** Returns a context for the caller alone. */
    T take() {
        T context = idle.poll();
        return context != null ? context : maker.get();
    }

    /** Gives a context back that is fit for reuse; one that failed is better forgotten. Tells whether it was kept. */
    boolean giveBack(T context) {
        return idle.offer(context);
    }
}
