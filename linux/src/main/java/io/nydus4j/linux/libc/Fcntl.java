package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code fcntl.h} that are in use. */
public final class Fcntl {
    private static final MethodHandle OPENAT = Libc.link("openat");
    private static final MethodHandle FCNTL = Libc.link("fcntl");
    private static final MethodHandle FALLOCATE = Libc.link("fallocate");
    private static final MethodHandle POSIX_FADVISE = Libc.link("posix_fadvise");

    private Fcntl() {}

    /** Calls {@code openat}; returns its result or the negated error number. */
    public static int openat(Scratch scratch, int directory, long path, int flags, int mode) {
        return scratch.intResult(Libc.raw(OPENAT, scratch, directory, path, flags, mode));
    }

    /** Calls {@code fcntl}; returns its result or the negated error number. */
    public static int fcntl(Scratch scratch, int descriptor, int command, long argument) {
        return scratch.intResult(Libc.raw(FCNTL, scratch, descriptor, command, argument));
    }

    /** Calls {@code fallocate}; returns its result or the negated error number. */
    public static int fallocate(Scratch scratch, int descriptor, int mode, long offset, long length) {
        return scratch.intResult(Libc.raw(FALLOCATE, scratch, descriptor, mode, offset, length));
    }

    /** Calls {@code posix_fadvise}; returns its result or the negated error number. */
    public static int posixFadvise(Scratch scratch, int descriptor, long offset, long length, int advice) {
        return -(int) Libc.raw(POSIX_FADVISE, scratch, descriptor, offset, length, advice); // returns the number itself
    }
}
