package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code dirent.h} that are in use. */
public final class Dirent {
    private static final MethodHandle GETDENTS64 = Libc.link("getdents64", 3);

    private Dirent() {}

    /** Calls {@code getdents64}; returns its result or the negated error number. */
    public static long getdents64(Scratch scratch, int descriptor, long buffer, long length) {
        return scratch.longResult(Libc.raw(GETDENTS64, scratch, descriptor, buffer, length));
    }
}
