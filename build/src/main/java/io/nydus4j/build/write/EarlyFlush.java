package io.nydus4j.build.write;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;

/**
 * Brings a file to the disk while it is still being written, so that there is little left to wait for at the end. Never waits itself
 * before that. Not safe for use by several threads.
 */
final class EarlyFlush {
    /** Bytes after which a flush is worth its while. */
    private static final long STEP = 64 << 20;

    /** Starts a thread for each flush; there is one at a time. */
    private static final Executor THREADS = Executors.newThreadPerTaskExecutor(
            Thread.ofPlatform().daemon().name("flush-", 0).factory());

    private final FileChannel channel;
    private CompletableFuture<Void> running = CompletableFuture.completedFuture(null);
    private long flushed;

    EarlyFlush(FileChannel channel) {
        this.channel = channel;
    }

    /** Starts to flush if enough has been written. A failure of an earlier flush stays for {@link #finish}. */
    void written(long position) {
        if (position - flushed >= STEP && running.isDone()) {
            start(position);
        }
    }

    /** Starts to flush all that has been written, however little, as soon as the flush that runs is done. */
    void start(long position) {
        if (position > flushed) {
            flushed = position;
            running = running.thenRunAsync(this::flush, THREADS);
        }
    }

    private void flush() {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw new CompletionException(e);
        }
    }

    /**
     * Waits for the flush that runs, if one does.
     *
     * @throws IOException if a flush has failed; the kernel says so only once
     */
    void finish() throws IOException {
        try {
            running.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e.getCause());
        }
    }
}
