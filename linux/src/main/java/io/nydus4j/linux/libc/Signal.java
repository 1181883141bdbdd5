package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code signal.h} that are in use. */
public final class Signal {
    private static final MethodHandle KILL = Libc.link("kill");

    private Signal() {}

    /** Calls {@code kill}; returns its result or the negated error number. */
    public static int kill(Scratch scratch, int process, int signal) {
        return scratch.intResult(Libc.raw(KILL, scratch, process, signal));
    }
}
