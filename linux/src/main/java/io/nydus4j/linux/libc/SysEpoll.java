package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/epoll.h} that are in use. */
public final class SysEpoll {
    private static final MethodHandle EPOLL_CREATE1 = Libc.link("epoll_create1");
    private static final MethodHandle EPOLL_CTL = Libc.link("epoll_ctl");
    private static final MethodHandle EPOLL_WAIT = Libc.link("epoll_wait");

    private SysEpoll() {}

    /** Calls {@code epoll_create1}; returns its result or the negated error number. */
    public static int epollCreate1(Scratch scratch, int flags) {
        return scratch.intResult(Libc.raw(EPOLL_CREATE1, scratch, flags));
    }

    /** Calls {@code epoll_ctl}; returns its result or the negated error number. */
    public static int epollCtl(Scratch scratch, int epoll, int operation, int descriptor, long event) {
        return scratch.intResult(Libc.raw(EPOLL_CTL, scratch, epoll, operation, descriptor, event));
    }

    /** Calls {@code epoll_wait}; returns its result or the negated error number. */
    public static int epollWait(Scratch scratch, int epoll, long events, int count, int timeoutMillis) {
        return scratch.intResult(Libc.raw(EPOLL_WAIT, scratch, epoll, events, count, timeoutMillis));
    }
}
