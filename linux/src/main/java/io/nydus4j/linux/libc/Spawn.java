package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The functions of {@code spawn.h} that are in use; they return the error number itself, here negated. */
public final class Spawn {
    /** More than enough for {@code posix_spawn_file_actions_t}, in bytes (80 in glibc and musl). */
    public static final int FILE_ACTIONS_SIZE = 256;

    private static final MethodHandle INIT = Libc.link("posix_spawn_file_actions_init");
    private static final MethodHandle DESTROY = Libc.link("posix_spawn_file_actions_destroy");
    private static final MethodHandle ADD_DUP2 = Libc.link("posix_spawn_file_actions_adddup2");
    private static final MethodHandle ADD_CLOSE = Libc.link("posix_spawn_file_actions_addclose");
    /** In glibc since 2.34. */
    private static final @Nullable MethodHandle ADD_CLOSE_FROM =
            Libc.linkIfPresent("posix_spawn_file_actions_addclosefrom_np");

    private static final MethodHandle SPAWNP = Libc.link("posix_spawnp");

    private Spawn() {}

    /** Calls {@code posix_spawn_file_actions_init}. */
    public static int fileActionsInit(Scratch scratch, long actions) {
        return -(int) Libc.raw(INIT, scratch, actions);
    }

    /** Calls {@code posix_spawn_file_actions_destroy}. */
    public static int fileActionsDestroy(Scratch scratch, long actions) {
        return -(int) Libc.raw(DESTROY, scratch, actions);
    }

    /** Calls {@code posix_spawn_file_actions_adddup2}. */
    public static int addDup2(Scratch scratch, long actions, int from, int to) {
        return -(int) Libc.raw(ADD_DUP2, scratch, actions, from, to);
    }

    /** Calls {@code posix_spawn_file_actions_addclose}. */
    public static int addClose(Scratch scratch, long actions, int descriptor) {
        return -(int) Libc.raw(ADD_CLOSE, scratch, actions, descriptor);
    }

    /** Tells whether the C library has {@link #addCloseFrom}. */
    public static boolean hasCloseFrom() {
        return ADD_CLOSE_FROM != null;
    }

    /** Calls {@code posix_spawn_file_actions_addclosefrom_np}. */
    public static int addCloseFrom(Scratch scratch, long actions, int first) {
        if (ADD_CLOSE_FROM == null) {
            throw new UnsupportedOperationException("posix_spawn_file_actions_addclosefrom_np");
        }
        return -(int) Libc.raw(ADD_CLOSE_FROM, scratch, actions, first);
    }

    /** Calls {@code posix_spawnp} without attributes. */
    public static int spawnp(Scratch scratch, long process, long file, long actions, long arguments, long environment) {
        return -(int) Libc.raw(SPAWNP, scratch, process, file, actions, 0, arguments, environment);
    }
}
