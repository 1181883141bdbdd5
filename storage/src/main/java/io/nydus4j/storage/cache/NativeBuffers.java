package io.nydus4j.storage.cache;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * Memory outside the heap for requests and decoded chunks, used again and again, and bounded. Safe for use by several threads.
 *
 * <p>Reserve first, once for all that one piece of work will hold, then take buffers: who holds some never waits for more, so no two
 * can block each other.
 */
final class NativeBuffers {
    /** The buffers of this process. */
    static final NativeBuffers SHARED = new NativeBuffers(256L << 20, 48L << 20);

    /** For reservations of work that waits for no network, which is not to wait for work that does; it takes the buffers of all. */
    static final NativeBuffers LOCAL = new NativeBuffers(64L << 20, 0);

    /** Unit of reservations, in bytes. */
    private static final int UNIT = 64 << 10;

    private static final int CLASSES = 32;

    private final int units;
    private final long keptLimit;
    private final Semaphore free;
    /** Idle buffers by the power of two that is their size; guarded by this. */
    private final List<ArrayDeque<Buffer>> idle = new ArrayList<>();

    private long kept;

    /**
     * Makes a pool.
     *
     * @param limit     bytes in use at a time; one piece of work that wants more gets all
     * @param keptLimit bytes kept for later
     */
    NativeBuffers(long limit, long keptLimit) {
        this.units = (int) (limit / UNIT);
        this.keptLimit = keptLimit;
        this.free = new Semaphore(units, true);
        for (int i = 0; i < CLASSES; i++) {
            idle.add(new ArrayDeque<>());
        }
    }

    /**
     * Waits until a number of bytes may be used.
     *
     * @param bytes what all buffers of one piece of work will hold at a time
     */
    Reservation reserve(long bytes) {
        int wanted = Math.clamp((bytes + UNIT - 1) / UNIT, 1, units);
        free.acquireUninterruptibly(wanted);
        return new Reservation(wanted);
    }

    /** Takes a buffer of at least {@code size} bytes with any content; covered by a reservation. */
    Buffer take(int size) {
        int sizeClass = Math.max(16, 32 - Integer.numberOfLeadingZeros(Math.max(size, 1) - 1));
        Buffer buffer;
        synchronized (this) {
            buffer = idle.get(sizeClass).pollFirst();
            if (buffer != null) {
                kept -= buffer.memory.byteSize();
            }
        }
        return buffer != null ? buffer : new Buffer(1L << sizeClass, sizeClass);
    }

    private void giveBack(Buffer buffer) {
        synchronized (this) {
            if (kept + buffer.memory.byteSize() <= keptLimit) {
                kept += buffer.memory.byteSize();
                idle.get(buffer.sizeClass).addFirst(buffer);
                return;
            }
        }
        buffer.arena.close();
    }

    /** The right to hold some bytes, until closed. */
    final class Reservation implements AutoCloseable {
        private final int held;

        private Reservation(int held) {
            this.held = held;
        }

        @Override
        public void close() {
            free.release(held);
        }
    }

    /** A buffer, until closed; for one thread at a time. */
    final class Buffer implements AutoCloseable {
        private final Arena arena = Arena.ofShared();
        private final MemorySegment memory;
        private final int sizeClass;

        private Buffer(long size, int sizeClass) {
            this.memory = arena.allocate(size, 64);
            this.sizeClass = sizeClass;
        }

        /** Returns the first {@code size} bytes. */
        MemorySegment bytes(long size) {
            return memory.asSlice(0, size);
        }

        @Override
        public void close() {
            giveBack(this);
        }
    }
}
