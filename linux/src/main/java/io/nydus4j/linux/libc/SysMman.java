package io.nydus4j.linux.libc;

import java.lang.invoke.MethodHandle;

/** The functions of {@code sys/mman.h} that are in use. */
public final class SysMman {
    public static final int PROT_READ = 1;
    public static final int PROT_WRITE = 2;
    public static final int MAP_PRIVATE = 2;
    public static final int MAP_ANONYMOUS = 0x20;
    public static final int MADV_HUGEPAGE = 14;

    private static final MethodHandle MMAP = Libc.link("mmap");
    private static final MethodHandle MADVISE = Libc.link("madvise");
    private static final MethodHandle MUNMAP = Libc.link("munmap");
    private static final MethodHandle MEMFD_CREATE = Libc.link("memfd_create");

    private SysMman() {}

    /** Calls {@code mmap} for memory without a file, anywhere; returns its address or the negated error number. */
    public static long mmap(Scratch scratch, long size, int protection, int flags) {
        return scratch.longResult(Libc.raw(MMAP, scratch, 0, size, protection, flags, -1, 0));
    }

    /** Calls {@code madvise}; returns 0 or the negated error number. */
    public static int madvise(Scratch scratch, long address, long size, int advice) {
        return scratch.intResult(Libc.raw(MADVISE, scratch, address, size, advice));
    }

    /** Calls {@code munmap}; returns 0 or the negated error number. */
    public static int munmap(Scratch scratch, long address, long size) {
        return scratch.intResult(Libc.raw(MUNMAP, scratch, address, size));
    }

    /** Calls {@code memfd_create}; returns its result or the negated error number. */
    public static int memfdCreate(Scratch scratch, long name, int flags) {
        return scratch.intResult(Libc.raw(MEMFD_CREATE, scratch, name, flags));
    }
}
