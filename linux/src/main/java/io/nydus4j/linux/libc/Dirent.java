package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The functions of {@code dirent.h} that are in use. */
public final class Dirent {
    /** In glibc since 2.30. */
    private static final @Nullable MethodHandle GETDENTS64 = Libc.linkIfPresent("getdents64");

    private static final long SYS_GETDENTS64 = System.getProperty("os.arch", "").equals("aarch64") ? 61 : 217;

    private Dirent() {}

    /** Calls {@code getdents64}; returns its result or the negated error number. */
    public static long getdents64(Scratch scratch, int descriptor, long buffer, long length) {
        return GETDENTS64 == null
                ? Unistd.syscall(scratch, SYS_GETDENTS64, descriptor, buffer, length)
                : scratch.longResult(Libc.raw(GETDENTS64, scratch, descriptor, buffer, length));
    }
}
