package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/file.h} that are in use. */
public final class SysFile {
    private static final MethodHandle FLOCK = Libc.link("flock");

    private SysFile() {}

    /** Calls {@code flock}; returns its result or the negated error number. */
    public static int flock(Scratch scratch, int descriptor, int operation) {
        return scratch.intResult(Libc.raw(FLOCK, scratch, descriptor, operation));
    }
}
