package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Sched;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysCapability;
import io.nydus4j.linux.libc.SysFsuid;
import io.nydus4j.linux.libc.SysStat;
import java.io.IOException;

/**
 * Makes files as somebody else: they belong to that user and group from the start, and have exactly the mode that is asked for.
 *
 * <p>For a server whose clients were checked already: where it is root, the thread keeps the right to pass permissions, since those of
 * the client may come from a group that the server does not know. A server that is not root makes files as itself. The thread gets a
 * umask of its own, 0, for good; so it must be a platform thread.
 */
public final class CallerIdentity {
    private static final int CLONE_FS = 0x200;
    private static final int CAPABILITY_VERSION_3 = 0x20080522;
    private static final int CAP_DAC_OVERRIDE = 1;
    private static final int CAP_MKNOD = 27;
    private static final int HEADER_SIZE = 8;
    private static final ThreadLocal<Boolean> OWN_UMASK = ThreadLocal.withInitial(() -> false);

    private CallerIdentity() {}

    /** What is to be done as somebody else. */
    @FunctionalInterface
    public interface Action<T> {
        /** Does it, on the calling thread. */
        T run() throws IOException;
    }

    /**
     * Does something as somebody else.
     *
     * @param uid    user, unsigned
     * @param gid    group, unsigned
     * @param action makes files
     * @return what the action returns
     * @throws ErrnoException {@code EPERM} if the kernel does not let this thread be that user
     */
    public static <T> T as(int uid, int gid, Action<T> action) throws IOException {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread has no identity of its own");
        }
        try (Scratch scratch = Scratch.take()) {
            clearUmask(scratch);
            if (uid == 0 && gid == 0 || !ProcessIdentity.isRoot()) {
                return action.run();
            }
            try {
                become(scratch, uid, gid);
                return action.run();
            } finally {
                SysFsuid.setfsuid(scratch, 0);
                SysFsuid.setfsgid(scratch, 0);
            }
        }
    }

    private static void clearUmask(Scratch scratch) throws ErrnoException {
        if (!OWN_UMASK.get()) {
            Descriptor.check("unshare", Sched.unshare(scratch, CLONE_FS));
            SysStat.umask(scratch, 0);
            OWN_UMASK.set(true);
        }
    }

    /** Takes the identity; the kernel drops the rights of root over files then, of which two are taken up again. */
    private static void become(Scratch scratch, int uid, int gid) throws ErrnoException {
        SysFsuid.setfsgid(scratch, gid);
        SysFsuid.setfsuid(scratch, uid);
        if (SysFsuid.setfsgid(scratch, -1) != gid || SysFsuid.setfsuid(scratch, -1) != uid) {
            throw new ErrnoException("setfsuid", Errno.EPERM);
        }
        if (uid == 0) {
            return;
        }
        long header = scratch.struct();
        long data = header + HEADER_SIZE; // two times: effective 4, permitted 4, inheritable 4
        Libc.MEMORY.set(JAVA_INT, header, CAPABILITY_VERSION_3);
        Libc.MEMORY.set(JAVA_INT, header + Integer.BYTES, 0);
        Descriptor.check("capget", SysCapability.capget(scratch, header, data));
        int wanted = 1 << CAP_DAC_OVERRIDE | 1 << CAP_MKNOD;
        int permitted = Libc.MEMORY.get(JAVA_INT, data + Integer.BYTES);
        Libc.MEMORY.set(JAVA_INT, data, Libc.MEMORY.get(JAVA_INT, data) | wanted & permitted);
        Descriptor.check("capset", SysCapability.capset(scratch, header, data));
    }
}
