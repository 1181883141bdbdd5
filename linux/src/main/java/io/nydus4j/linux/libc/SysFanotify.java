package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/fanotify.h}. */
public final class SysFanotify {
    private static final MethodHandle FANOTIFY_INIT = Libc.link("fanotify_init");
    private static final MethodHandle FANOTIFY_MARK = Libc.link("fanotify_mark");

    private SysFanotify() {}

    /** Calls {@code fanotify_init}; returns its result or the negated error number. */
    public static int fanotifyInit(Scratch scratch, int flags, int eventFlags) {
        return scratch.intResult(Libc.raw(FANOTIFY_INIT, scratch, flags, eventFlags));
    }

    /** Calls {@code fanotify_mark}; returns its result or the negated error number. */
    public static int fanotifyMark(Scratch scratch, int group, int flags, long mask, int directory, long path) {
        return scratch.intResult(Libc.raw(FANOTIFY_MARK, scratch, group, flags, mask, directory, path));
    }
}
