package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/capability.h} that the C library itself has; they are about the calling thread alone. */
public final class SysCapability {
    private static final MethodHandle CAPGET = Libc.link("capget");
    private static final MethodHandle CAPSET = Libc.link("capset");

    private SysCapability() {}

    /** Calls {@code capget}; returns its result or the negated error number. */
    public static int capget(Scratch scratch, long header, long data) {
        return scratch.intResult(Libc.raw(CAPGET, scratch, header, data));
    }

    /** Calls {@code capset}; returns its result or the negated error number. */
    public static int capset(Scratch scratch, long header, long data) {
        return scratch.intResult(Libc.raw(CAPSET, scratch, header, data));
    }
}
