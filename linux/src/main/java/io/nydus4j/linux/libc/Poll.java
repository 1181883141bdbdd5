package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code poll.h} that are in use. */
public final class Poll {
    private static final MethodHandle POLL = Libc.link("poll");

    private Poll() {}

    /** Calls {@code poll}; returns its result or the negated error number. */
    public static int poll(Scratch scratch, long descriptors, int count, int timeoutMillis) {
        return scratch.intResult(Libc.raw(POLL, scratch, descriptors, count, timeoutMillis));
    }
}
