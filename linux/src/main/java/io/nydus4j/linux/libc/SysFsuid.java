package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/fsuid.h}; they are about the calling thread alone. */
public final class SysFsuid {
    private static final MethodHandle SETFSUID = Libc.link("setfsuid");
    private static final MethodHandle SETFSGID = Libc.link("setfsgid");

    private SysFsuid() {}

    /** Calls {@code setfsuid}; returns the id before, whether or not the call did anything. */
    public static int setfsuid(Scratch scratch, int uid) {
        return (int) Libc.raw(SETFSUID, scratch, uid);
    }

    /** Calls {@code setfsgid}; returns the id before, whether or not the call did anything. */
    public static int setfsgid(Scratch scratch, int gid) {
        return (int) Libc.raw(SETFSGID, scratch, gid);
    }
}
