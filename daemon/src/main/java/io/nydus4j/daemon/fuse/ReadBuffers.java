package io.nydus4j.daemon.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;

/** Native buffers for answers that must be gathered, at most {@value #BUFFERS} in one daemon. Safe for use by several threads. */
public final class ReadBuffers {
    private static final int BUFFERS = 32;
    private static final int LEAST_SIZE = 128 << 10;

    private final BlockingQueue<MemorySegment> buffers = new ArrayBlockingQueue<>(BUFFERS);
    private final Semaphore permits = new Semaphore(BUFFERS);

    /** Makes a pool, which has no buffer yet. */
    public ReadBuffers() {}

    /** Takes a buffer of {@code size} bytes or more, waiting for one if need be. */
    MemorySegment take(int size) {
        permits.acquireUninterruptibly();
        MemorySegment buffer = buffers.poll();
        if (buffer != null && buffer.byteSize() >= size) {
            return buffer;
        }
        try {
            return Arena.ofAuto().allocate(Math.max(size, LEAST_SIZE), 8);
        } catch (Throwable e) {
            permits.release();
            throw e;
        }
    }

    /** Gives a buffer back. */
    void giveBack(MemorySegment buffer) {
        buffers.offer(buffer);
        permits.release();
    }
}
