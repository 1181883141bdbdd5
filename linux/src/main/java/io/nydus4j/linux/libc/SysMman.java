package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/mman.h} that are in use. */
public final class SysMman {
    private static final MethodHandle MEMFD_CREATE = Libc.link("memfd_create");

    private SysMman() {}

    /** Calls {@code memfd_create}; returns its result or the negated error number. */
    public static int memfdCreate(Scratch scratch, long name, int flags) {
        return scratch.intResult(Libc.raw(MEMFD_CREATE, scratch, name, flags));
    }
}
