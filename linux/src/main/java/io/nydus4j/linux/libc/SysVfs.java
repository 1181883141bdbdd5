package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/vfs.h} that are in use. */
public final class SysVfs {
    private static final MethodHandle FSTATFS = Libc.link("fstatfs");

    private SysVfs() {}

    /** Calls {@code fstatfs}; returns its result or the negated error number. */
    public static int fstatfs(Scratch scratch, int descriptor, long buffer) {
        return scratch.intResult(Libc.raw(FSTATFS, scratch, descriptor, buffer));
    }
}
