package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/xattr.h} that are in use. */
public final class SysXattr {
    private static final MethodHandle LISTXATTR = Libc.link("listxattr");
    private static final MethodHandle LLISTXATTR = Libc.link("llistxattr");
    private static final MethodHandle GETXATTR = Libc.link("getxattr");
    private static final MethodHandle LGETXATTR = Libc.link("lgetxattr");
    private static final MethodHandle SETXATTR = Libc.link("setxattr");
    private static final MethodHandle LSETXATTR = Libc.link("lsetxattr");
    private static final MethodHandle REMOVEXATTR = Libc.link("removexattr");
    private static final MethodHandle LREMOVEXATTR = Libc.link("lremovexattr");

    /** The same on all architectures; the C library has no function for it yet. */
    private static final long SYS_LISTXATTRAT = 465;

    private SysXattr() {}

    /** Calls {@code listxattrat}, which Linux has since 6.13; returns its result or the negated error number. */
    public static long listxattrat(Scratch scratch, int directory, long path, int flags, long list, long length) {
        return Unistd.syscall(scratch, SYS_LISTXATTRAT, directory, path, flags, list, length);
    }

    /** Calls {@code listxattr}; returns its result or the negated error number. */
    public static long listxattr(Scratch scratch, long path, long list, long length) {
        return scratch.longResult(Libc.raw(LISTXATTR, scratch, path, list, length));
    }

    /** Calls {@code llistxattr}; returns its result or the negated error number. */
    public static long llistxattr(Scratch scratch, long path, long list, long length) {
        return scratch.longResult(Libc.raw(LLISTXATTR, scratch, path, list, length));
    }

    /** Calls {@code getxattr}; returns its result or the negated error number. */
    public static long getxattr(Scratch scratch, long path, long name, long value, long length) {
        return scratch.longResult(Libc.raw(GETXATTR, scratch, path, name, value, length));
    }

    /** Calls {@code lgetxattr}; returns its result or the negated error number. */
    public static long lgetxattr(Scratch scratch, long path, long name, long value, long length) {
        return scratch.longResult(Libc.raw(LGETXATTR, scratch, path, name, value, length));
    }

    /** Calls {@code setxattr}; returns its result or the negated error number. */
    public static int setxattr(Scratch scratch, long path, long name, long value, long length, int flags) {
        return scratch.intResult(Libc.raw(SETXATTR, scratch, path, name, value, length, flags));
    }

    /** Calls {@code lsetxattr}; returns its result or the negated error number. */
    public static int lsetxattr(Scratch scratch, long path, long name, long value, long length, int flags) {
        return scratch.intResult(Libc.raw(LSETXATTR, scratch, path, name, value, length, flags));
    }

    /** Calls {@code removexattr}; returns its result or the negated error number. */
    public static int removexattr(Scratch scratch, long path, long name) {
        return scratch.intResult(Libc.raw(REMOVEXATTR, scratch, path, name));
    }

    /** Calls {@code lremovexattr}; returns its result or the negated error number. */
    public static int lremovexattr(Scratch scratch, long path, long name) {
        return scratch.intResult(Libc.raw(LREMOVEXATTR, scratch, path, name));
    }
}
