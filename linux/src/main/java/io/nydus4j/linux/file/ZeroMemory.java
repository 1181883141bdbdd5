package io.nydus4j.linux.file;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysMman;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory of zeros in which much is written once. The kernel makes it when it is first written to, in huge pages where there are any;
 * an arena's own would be filled with zeros by the thread that asks for it.
 */
public final class ZeroMemory {
    private ZeroMemory() {}

    /**
     * Maps memory.
     *
     * @param arena the memory is gone when it is closed
     * @param size  in bytes, at least 1
     * @return zeros, aligned to a page
     * @throws ErrnoException if there is not that much address space
     */
    public static MemorySegment allocate(Arena arena, long size) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int protection = SysMman.PROT_READ | SysMman.PROT_WRITE;
            int flags = SysMman.MAP_PRIVATE | SysMman.MAP_ANONYMOUS;
            long address = Descriptor.check("mmap", SysMman.mmap(scratch, size, protection, flags));
            // A kernel without huge pages refuses, which does not matter.
            SysMman.madvise(scratch, address, size, SysMman.MADV_HUGEPAGE);
            return MemorySegment.ofAddress(address).reinterpret(size, arena, ZeroMemory::unmap);
        }
    }

    private static void unmap(MemorySegment memory) {
        try (Scratch scratch = Scratch.take()) {
            SysMman.munmap(scratch, memory.address(), memory.byteSize());
        }
    }
}
