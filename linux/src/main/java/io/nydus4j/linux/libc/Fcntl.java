package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code fcntl.h} that are in use. */
public final class Fcntl {
    private static final MethodHandle OPENAT = Libc.link("openat");
    private static final MethodHandle FCNTL = Libc.link("fcntl");
    private static final MethodHandle FALLOCATE = Libc.link("fallocate");
    private static final MethodHandle NAME_TO_HANDLE_AT = Libc.link("name_to_handle_at");
    private static final MethodHandle OPEN_BY_HANDLE_AT = Libc.link("open_by_handle_at");
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

    /** Calls {@code name_to_handle_at}; returns its result or the negated error number. */
    public static int nameToHandleAt(Scratch scratch, int directory, long path, long handle, long mountId, int flags) {
        return scratch.intResult(Libc.raw(NAME_TO_HANDLE_AT, scratch, directory, path, handle, mountId, flags));
    }

    /** Calls {@code open_by_handle_at}; returns its result or the negated error number. */
    public static int openByHandleAt(Scratch scratch, int onFileSystem, long handle, int flags) {
        return scratch.intResult(Libc.raw(OPEN_BY_HANDLE_AT, scratch, onFileSystem, handle, flags));
    }

    /** Calls {@code posix_fadvise}; returns its result or the negated error number. */
    public static int posixFadvise(Scratch scratch, int descriptor, long offset, long length, int advice) {
        return -(int) Libc.raw(POSIX_FADVISE, scratch, descriptor, offset, length, advice); // returns the number itself
    }
}
