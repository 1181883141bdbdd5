package io.nydus4j.linux.libc;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/** The functions of {@code unistd.h} that are in use. */
public final class Unistd {
    private static final MethodHandle CLOSE = Libc.link("close");
    private static final MethodHandle READ = Libc.link("read");
    private static final MethodHandle PREAD = Libc.link("pread");
    private static final MethodHandle WRITE = Libc.link("write");
    private static final MethodHandle PWRITE = Libc.link("pwrite");
    private static final MethodHandle LSEEK = Libc.link("lseek");
    private static final MethodHandle READLINKAT = Libc.link("readlinkat");
    private static final MethodHandle LINKAT = Libc.link("linkat");
    private static final MethodHandle UNLINKAT = Libc.link("unlinkat");
    private static final MethodHandle SYMLINKAT = Libc.link("symlinkat");
    private static final MethodHandle FCHOWNAT = Libc.link("fchownat");
    private static final MethodHandle FTRUNCATE = Libc.link("ftruncate");
    private static final MethodHandle FSYNC = Libc.link("fsync");
    private static final MethodHandle FDATASYNC = Libc.link("fdatasync");
    private static final MethodHandle COPY_FILE_RANGE = Libc.link("copy_file_range");
    private static final MethodHandle ISATTY = Libc.link("isatty");
    private static final MethodHandle SYSCONF = Libc.link("sysconf");
    private static final MethodHandle SYSCALL = Libc.link("syscall");
    private static final MethodHandle GETEUID = Libc.link("geteuid");
    private static final MethodHandle GETEGID = Libc.link("getegid");

    private static final long ENVIRON = Libc.variable("environ");

    private Unistd() {}

    /** Calls {@code close}; returns its result or the negated error number. */
    public static int close(Scratch scratch, int descriptor) {
        return scratch.intResult(Libc.raw(CLOSE, scratch, descriptor));
    }

    /** Calls {@code read}; returns its result or the negated error number. */
    public static long read(Scratch scratch, int descriptor, long buffer, long length) {
        return scratch.longResult(Libc.raw(READ, scratch, descriptor, buffer, length));
    }

    /** Calls {@code pread}; returns its result or the negated error number. */
    public static long pread(Scratch scratch, int descriptor, long buffer, long length, long offset) {
        return scratch.longResult(Libc.raw(PREAD, scratch, descriptor, buffer, length, offset));
    }

    /** Calls {@code write}; returns its result or the negated error number. */
    public static long write(Scratch scratch, int descriptor, long buffer, long length) {
        return scratch.longResult(Libc.raw(WRITE, scratch, descriptor, buffer, length));
    }

    /** Calls {@code pwrite}; returns its result or the negated error number. */
    public static long pwrite(Scratch scratch, int descriptor, long buffer, long length, long offset) {
        return scratch.longResult(Libc.raw(PWRITE, scratch, descriptor, buffer, length, offset));
    }

    /** Calls {@code lseek}; returns its result or the negated error number. */
    public static long lseek(Scratch scratch, int descriptor, long offset, int whence) {
        return scratch.longResult(Libc.raw(LSEEK, scratch, descriptor, offset, whence));
    }

    /** Calls {@code readlinkat}; returns its result or the negated error number. */
    public static long readlinkat(Scratch scratch, int directory, long path, long buffer, long length) {
        return scratch.longResult(Libc.raw(READLINKAT, scratch, directory, path, buffer, length));
    }

    /** Calls {@code linkat}; returns its result or the negated error number. */
    public static int linkat(
            Scratch scratch, int oldDirectory, long oldPath, int newDirectory, long newPath, int flags) {
        return scratch.intResult(Libc.raw(LINKAT, scratch, oldDirectory, oldPath, newDirectory, newPath, flags));
    }

    /** Calls {@code unlinkat}; returns its result or the negated error number. */
    public static int unlinkat(Scratch scratch, int directory, long path, int flags) {
        return scratch.intResult(Libc.raw(UNLINKAT, scratch, directory, path, flags));
    }

    /** Calls {@code symlinkat}; returns its result or the negated error number. */
    public static int symlinkat(Scratch scratch, long target, int directory, long path) {
        return scratch.intResult(Libc.raw(SYMLINKAT, scratch, target, directory, path));
    }

    /** Calls {@code fchownat}; returns its result or the negated error number. */
    public static int fchownat(Scratch scratch, int directory, long path, int uid, int gid, int flags) {
        return scratch.intResult(Libc.raw(FCHOWNAT, scratch, directory, path, uid, gid, flags));
    }

    /** Calls {@code ftruncate}; returns its result or the negated error number. */
    public static int ftruncate(Scratch scratch, int descriptor, long length) {
        return scratch.intResult(Libc.raw(FTRUNCATE, scratch, descriptor, length));
    }

    /** Calls {@code fsync}; returns its result or the negated error number. */
    public static int fsync(Scratch scratch, int descriptor) {
        return scratch.intResult(Libc.raw(FSYNC, scratch, descriptor));
    }

    /** Calls {@code fdatasync}; returns its result or the negated error number. */
    public static int fdatasync(Scratch scratch, int descriptor) {
        return scratch.intResult(Libc.raw(FDATASYNC, scratch, descriptor));
    }

    /** Calls {@code copy_file_range}; returns its result or the negated error number. */
    public static long copyFileRange(
            Scratch scratch, int in, long inOffset, int out, long outOffset, long length, int flags) {
        return scratch.longResult(Libc.raw(COPY_FILE_RANGE, scratch, in, inOffset, out, outOffset, length, flags));
    }

    /** Calls {@code isatty}; returns its result or the negated error number. */
    public static int isatty(Scratch scratch, int descriptor) {
        return scratch.intResult(Libc.raw(ISATTY, scratch, descriptor));
    }

    /** Calls {@code sysconf}; returns its result or the negated error number. */
    public static long sysconf(Scratch scratch, int name) {
        return scratch.longResult(Libc.raw(SYSCONF, scratch, name));
    }

    /** Calls {@code syscall} with three arguments; returns its result or the negated error number. */
    public static long syscall(Scratch scratch, long call, long first, long second, long third) {
        return scratch.longResult(Libc.raw(SYSCALL, scratch, call, first, second, third));
    }

    /** Calls {@code syscall} with five arguments; returns its result or the negated error number. */
    public static long syscall(
            Scratch scratch, long call, long first, long second, long third, long fourth, long fifth) {
        return scratch.longResult(Libc.raw(SYSCALL, scratch, call, first, second, third, fourth, fifth));
    }

    /** Calls {@code geteuid}; returns its result or the negated error number. */
    public static int geteuid(Scratch scratch) {
        return scratch.intResult(Libc.raw(GETEUID, scratch));
    }

    /** Calls {@code getegid}; returns its result or the negated error number. */
    public static int getegid(Scratch scratch) {
        return scratch.intResult(Libc.raw(GETEGID, scratch));
    }

    /** Returns the address of the first of the environment's string pointers; a null pointer ends them. */
    public static long environ() {
        return Libc.MEMORY.get(ValueLayout.JAVA_LONG, ENVIRON);
    }
}
