package io.nydus4j.linux.fuse;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysUio;
import io.nydus4j.linux.libc.Unistd;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The session's descriptor of {@code /dev/fuse}, shared by its loops and by the threads that answer later.
 *
 * <p>The number is closed when the last user has let go of it, the session being one, never under a thread that is about to write to
 * it: the kernel might have given the number to another file by then. All methods are thread-safe.
 */
final class FuseDevice {
    /** Most pending replies that are being written at once, each with a buffer of its own. */
    private static final int REPLIES = 8;

    /** The machine's page size, in bytes: the unit of the kernel's limits. */
    static final int PAGE_SIZE = pageSize();

    private static final int SC_PAGESIZE = 30;

    private static final System.Logger LOGGER = System.getLogger(FuseDevice.class.getName());

    private final Descriptor descriptor;
    private final AtomicInteger users = new AtomicInteger(1);
    private final ArrayBlockingQueue<FuseReply> replies = new ArrayBlockingQueue<>(REPLIES);
    private final Semaphore replyPermits = new Semaphore(REPLIES);
    /** Guards {@link #pending}. */
    private final ReentrantLock pendingLock = new ReentrantLock();

    private final Condition nonePending = pendingLock.newCondition();
    private int pending;
    private final NodeLookups lookups = new NodeLookups();
    private volatile FuseConnection connection;

    FuseDevice(Descriptor descriptor, FuseConnection connection) {
        this.descriptor = descriptor;
        this.connection = connection;
    }

    private static int pageSize() {
        try (Scratch scratch = Scratch.take()) {
            return (int) Unistd.sysconf(scratch, SC_PAGESIZE);
        }
    }

    Descriptor descriptor() {
        return descriptor;
    }

    /** Returns what is counted of the nodes that the kernel knows. */
    NodeLookups lookups() {
        return lookups;
    }

    FuseConnection connection() {
        return connection;
    }

    void connection(FuseConnection agreed) {
        connection = agreed;
    }

    /** Most bytes of a reply's payload. */
    int replyCapacity() {
        return connection.maxRequestBytes();
    }

    /** Registers a user of the descriptor, to be followed by {@link #release}; false if it is closed. */
    boolean acquire() {
        int now;
        do {
            now = users.get();
            if (now == 0) {
                return false;
            }
        } while (!users.compareAndSet(now, now + 1));
        return true;
    }

    /** Ends a use; the last one closes the descriptor. */
    void release() {
        if (users.decrementAndGet() == 0) {
            try {
                descriptor.close();
            } catch (ErrnoException e) {
                LOGGER.log(System.Logger.Level.WARNING, "cannot close /dev/fuse", e);
            }
        }
    }

    FuseReply takeReply() {
        replyPermits.acquireUninterruptibly();
        FuseReply free = replies.poll();
        return free != null ? free : new FuseReply(this, replyCapacity());
    }

    void giveBack(FuseReply reply) {
        replies.offer(reply);
        replyPermits.release();
    }

    void pendingStarted() {
        pendingLock.lock();
        try {
            pending++;
        } finally {
            pendingLock.unlock();
        }
    }

    void pendingEnded() {
        pendingLock.lock();
        try {
            if (--pending == 0) {
                nonePending.signalAll();
            }
        } finally {
            pendingLock.unlock();
        }
    }

    /**
     * Waits until no request is put aside.
     *
     * @param nanos longest time to wait, in nanoseconds
     * @return false if some still are
     */
    boolean awaitNonePending(long nanos) throws InterruptedException {
        pendingLock.lockInterruptibly();
        try {
            long left = nanos;
            while (pending > 0) {
                if (left <= 0) {
                    return false;
                }
                left = nonePending.awaitNanos(left);
            }
            return true;
        } finally {
            pendingLock.unlock();
        }
    }

    /** Writes one message; what the kernel does with it is only logged, and only if it is our mistake. */
    void write(Scratch scratch, long address, long length) {
        long n = Unistd.write(scratch, descriptor.number(), address, length);
        if (n < 0) {
            refused((int) -n, length);
        }
    }

    /** Writes one message from several pieces of memory. */
    void writeVectors(Scratch scratch, long vectors, int count) {
        long n = SysUio.writev(scratch, descriptor.number(), vectors, count);
        if (n < 0) {
            refused((int) -n, count);
        }
    }

    /** {@code ENOENT}: the client no longer waits. {@code EPERM}, {@code ENODEV}, {@code ENOTCONN}: the mount is gone. */
    private static void refused(int errno, long size) {
        if (errno != Errno.ENOENT && errno != Errno.EPERM && errno != Errno.ENODEV && errno != Errno.ENOTCONN) {
            LOGGER.log(System.Logger.Level.WARNING, "the kernel refused an answer ({0}): {1}", size, Errno.name(errno));
        }
    }
}
