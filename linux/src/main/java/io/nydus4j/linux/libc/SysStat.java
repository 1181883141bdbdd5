package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/stat.h} that are in use. */
public final class SysStat {
    private static final MethodHandle STATX = Libc.link("statx");
    private static final MethodHandle MKDIRAT = Libc.link("mkdirat");
    private static final MethodHandle MKNODAT = Libc.link("mknodat");
    private static final MethodHandle FCHMODAT = Libc.link("fchmodat");
    private static final MethodHandle FCHMOD = Libc.link("fchmod");
    private static final MethodHandle UTIMENSAT = Libc.link("utimensat");
    private static final MethodHandle UMASK = Libc.link("umask");

    private SysStat() {}

    /** Calls {@code statx}; returns its result or the negated error number. */
    public static int statx(Scratch scratch, int directory, long path, int flags, int mask, long buffer) {
        return scratch.intResult(Libc.raw(STATX, scratch, directory, path, flags, mask, buffer));
    }

    /** Calls {@code mkdirat}; returns its result or the negated error number. */
    public static int mkdirat(Scratch scratch, int directory, long path, int mode) {
        return scratch.intResult(Libc.raw(MKDIRAT, scratch, directory, path, mode));
    }

    /** Calls {@code mknodat}; returns its result or the negated error number. */
    public static int mknodat(Scratch scratch, int directory, long path, int mode, long device) {
        return scratch.intResult(Libc.raw(MKNODAT, scratch, directory, path, mode, device));
    }

    /** Calls {@code fchmodat}; returns its result or the negated error number. */
    public static int fchmodat(Scratch scratch, int directory, long path, int mode, int flags) {
        return scratch.intResult(Libc.raw(FCHMODAT, scratch, directory, path, mode, flags));
    }

    /** Calls {@code fchmod}; returns its result or the negated error number. */
    public static int fchmod(Scratch scratch, int descriptor, int mode) {
        return scratch.intResult(Libc.raw(FCHMOD, scratch, descriptor, mode));
    }

    /** Calls {@code utimensat}; returns its result or the negated error number. */
    public static int utimensat(Scratch scratch, int directory, long path, long times, int flags) {
        return scratch.intResult(Libc.raw(UTIMENSAT, scratch, directory, path, times, flags));
    }

    /** Calls {@code umask}; returns the mask before. */
    public static int umask(Scratch scratch, int bits) {
        return (int) Libc.raw(UMASK, scratch, bits);
    }
}
