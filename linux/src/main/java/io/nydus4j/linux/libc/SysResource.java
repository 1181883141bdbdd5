package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/resource.h} that are in use. {@code struct rlimit} is the soft and the hard limit, 8 bytes each. */
public final class SysResource {
    /** The limit of open files. */
    public static final int RLIMIT_NOFILE = 7;

    private static final MethodHandle GETRLIMIT = Libc.link("getrlimit");
    private static final MethodHandle SETRLIMIT = Libc.link("setrlimit");

    private SysResource() {}

    /** Calls {@code getrlimit}; returns its result or the negated error number. */
    public static int getrlimit(Scratch scratch, int resource, long limit) {
        return scratch.intResult(Libc.raw(GETRLIMIT, scratch, resource, limit));
    }

    /** Calls {@code setrlimit}; returns its result or the negated error number. */
    public static int setrlimit(Scratch scratch, int resource, long limit) {
        return scratch.intResult(Libc.raw(SETRLIMIT, scratch, resource, limit));
    }
}
