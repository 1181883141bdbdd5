package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/mount.h} that are in use. */
public final class SysMount {
    private static final MethodHandle MOUNT = Libc.link("mount");
    private static final MethodHandle UMOUNT2 = Libc.link("umount2");

    private SysMount() {}

    /** Calls {@code mount}; returns its result or the negated error number. */
    public static int mount(Scratch scratch, long source, long target, long type, long flags, long data) {
        return scratch.intResult(Libc.raw(MOUNT, scratch, source, target, type, flags, data));
    }

    /** Calls {@code umount2}; returns its result or the negated error number. */
    public static int umount2(Scratch scratch, long target, int flags) {
        return scratch.intResult(Libc.raw(UMOUNT2, scratch, target, flags));
    }
}
