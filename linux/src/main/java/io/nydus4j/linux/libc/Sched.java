package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sched.h} that are in use. */
public final class Sched {
    private static final MethodHandle UNSHARE = Libc.link("unshare");

    private Sched() {}

    /** Calls {@code unshare} for the calling thread; returns its result or the negated error number. */
    public static int unshare(Scratch scratch, int flags) {
        return scratch.intResult(Libc.raw(UNSHARE, scratch, flags));
    }
}
