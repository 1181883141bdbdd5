package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/eventfd.h} that are in use. */
public final class SysEventfd {
    private static final MethodHandle EVENTFD = Libc.link("eventfd");

    private SysEventfd() {}

    /** Calls {@code eventfd}; returns its result or the negated error number. */
    public static int eventfd(Scratch scratch, int value, int flags) {
        return scratch.intResult(Libc.raw(EVENTFD, scratch, value, flags));
    }
}
