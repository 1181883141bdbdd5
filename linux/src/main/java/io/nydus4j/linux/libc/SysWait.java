package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/wait.h} that are in use. */
public final class SysWait {
    private static final MethodHandle WAITPID = Libc.link("waitpid");

    private SysWait() {}

    /** Calls {@code waitpid}; returns its result or the negated error number. */
    public static int waitpid(Scratch scratch, int process, long status, int options) {
        return scratch.intResult(Libc.raw(WAITPID, scratch, process, status, options));
    }
}
