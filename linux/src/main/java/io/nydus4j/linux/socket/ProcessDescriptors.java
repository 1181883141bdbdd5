package io.nydus4j.linux.socket;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Unistd;

/** Takes duplicates of other processes' descriptors ({@code pidfd_open}, {@code pidfd_getfd}). */
public final class ProcessDescriptors {
    private static final long PIDFD_OPEN = 434;
    private static final long PIDFD_GETFD = 438;

    private ProcessDescriptors() {}

    /** Opens a descriptor that stands for a process and polls as readable once it has ended. */
    public static Descriptor open(long process) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long number = Unistd.syscall(scratch, PIDFD_OPEN, process, 0, 0);
            return Descriptor.adopt(UnixSocket.check("pidfd_open", (int) number));
        }
    }

    /**
     * Takes a duplicate of a descriptor of another process, which needs the right to trace it.
     *
     * @param process the process's id
     * @param number  the descriptor's number there
     */
    public static Descriptor take(long process, int number) throws ErrnoException {
        try (Descriptor opened = open(process);
                Scratch scratch = Scratch.take()) {
            long taken = Unistd.syscall(scratch, PIDFD_GETFD, opened.number(), number, 0);
            return Descriptor.adopt(UnixSocket.check("pidfd_getfd", (int) taken));
        }
    }
}
