package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code stdio.h} that are in use. */
public final class Stdio {
    private static final MethodHandle RENAMEAT2 = Libc.link("renameat2");

    private Stdio() {}

    /** Calls {@code renameat2}; returns its result or the negated error number. */
    public static int renameat2(
            Scratch scratch, int oldDirectory, long oldPath, int newDirectory, long newPath, int flags) {
        return scratch.intResult(Libc.raw(RENAMEAT2, scratch, oldDirectory, oldPath, newDirectory, newPath, flags));
    }
}
