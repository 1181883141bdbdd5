package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/uio.h} that are in use. */
public final class SysUio {
    private static final MethodHandle WRITEV = Libc.link("writev");

    private SysUio() {}

    /** Calls {@code writev}; returns its result or the negated error number. */
    public static long writev(Scratch scratch, int descriptor, long vector, int count) {
        return scratch.longResult(Libc.raw(WRITEV, scratch, descriptor, vector, count));
    }
}
