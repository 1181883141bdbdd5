package io.nydus4j.linux.fuse;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysEpoll;
import io.nydus4j.linux.socket.EventCounter;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Where the loops of a session sleep while there is nothing to answer: what comes wakes one of them, {@link #wakeAll} all.
 *
 * <p>Waking a thread costs more than most answers, so while one loop looks for what comes without sleeping, the others are left
 * asleep. The descriptor is watched for one wake-up at a time ({@code EPOLLONESHOT}) therefore, and {@link #watch} asks for the next,
 * be it for what has come already. Who is about to work for long does that, and who ends: no request waits for one loop while another
 * sleeps. Safe for use by several threads.
 */
final class LoopRest implements AutoCloseable {
    private static final int EPOLL_CLOEXEC = 02000000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_MOD = 3;
    private static final int EPOLLIN = 1;
    private static final int EPOLLONESHOT = 1 << 30;
    private static final int NO_TIMEOUT = -1;

    private final Descriptor device;
    private final Descriptor epoll;
    private final EventCounter awake = EventCounter.create();
    /** Whether a loop looks for what comes; one is enough. */
    private final AtomicBoolean looking = new AtomicBoolean();

    /**
     * Makes a place without sleepers.
     *
     * @param device what requests come from; stays the caller's, open as long as anybody sleeps here
     */
    LoopRest(Descriptor device) throws ErrnoException {
        this.device = device;
        try (Scratch scratch = Scratch.take()) {
            epoll = Descriptor.adopt(check("epoll_create1", SysEpoll.epollCreate1(scratch, EPOLL_CLOEXEC)));
            check("epoll_ctl", control(scratch, EPOLL_CTL_ADD, device, EPOLLIN | EPOLLONESHOT));
            check("epoll_ctl", control(scratch, EPOLL_CTL_ADD, awake.descriptor(), EPOLLIN));
        }
    }

    private int control(Scratch scratch, int operation, Descriptor descriptor, int events) {
        Libc.MEMORY.set(JAVA_INT, scratch.struct(), events);
        Libc.MEMORY.set(JAVA_LONG_UNALIGNED, scratch.struct() + 4, 0); // the user data, at 4 or 8, is not used
        Libc.MEMORY.set(JAVA_LONG_UNALIGNED, scratch.struct() + 8, 0);
        return SysEpoll.epollCtl(scratch, epoll.number(), operation, descriptor.number(), scratch.struct());
    }

    private static int check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, -result);
        }
        return result;
    }

    /** Has what has come, or comes next, wake a loop, if one sleeps. */
    void watch(Scratch scratch) {
        control(scratch, EPOLL_CTL_MOD, device, EPOLLIN | EPOLLONESHOT);
    }

    /** Sleeps until something comes, unless another loop looks for that, or all are to be awake. */
    void sleep(Scratch scratch) {
        if (!looking.get()) {
            watch(scratch);
        }
        SysEpoll.epollWait(scratch, epoll.number(), scratch.struct(), 1, NO_TIMEOUT);
    }

    /** Lets nobody sleep any more. */
    void wakeAll() {
        awake.add(1);
    }

    /** Tells whether the calling loop may look for what comes without sleeping, to be followed by {@link #endLook}. */
    boolean beginLook() {
        return !looking.get() && looking.compareAndSet(false, true);
    }

    /** Lets another loop look. */
    void endLook() {
        looking.set(false);
    }

    /** Closes it, once nobody sleeps here. */
    @Override
    public void close() {
        awake.close();
        try {
            epoll.close();
        } catch (ErrnoException e) {
            throw new AssertionError("an epoll instance has nothing to lose", e);
        }
    }
}
