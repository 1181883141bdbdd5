package io.nydus4j.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysEventfd;
import io.nydus4j.linux.libc.Unistd;

/** A counter of the kernel's with a descriptor that polls as readable while the count is not 0 ({@code eventfd}). Thread-safe. */
public final class EventCounter implements AutoCloseable {
    private static final int EFD_CLOEXEC = 02000000;
    private static final int EFD_NONBLOCK = 04000;

    private final Descriptor descriptor;

    private EventCounter(Descriptor descriptor) {
        this.descriptor = descriptor;
    }

    /** Makes a counter at 0. */
    public static EventCounter create() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int number = SysEventfd.eventfd(scratch, 0, EFD_CLOEXEC | EFD_NONBLOCK);
            if (number < 0) {
                throw new ErrnoException("eventfd", -number);
            }
            return new EventCounter(Descriptor.adopt(number));
        }
    }

    /** Returns the descriptor to poll; it stays the counter's. */
    public Descriptor descriptor() {
        return descriptor;
    }

    /** Adds to the count; does nothing once closed. */
    public void add(long count) {
        try (Scratch scratch = Scratch.take()) {
            Libc.MEMORY.set(JAVA_LONG, scratch.struct(), count);
            Unistd.write(scratch, descriptor.number(), scratch.struct(), Long.BYTES);
        }
    }

    /** Sets the count to 0 and returns what it was; never waits. */
    public long take() throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            long n = Unistd.read(scratch, descriptor.number(), scratch.struct(), Long.BYTES);
            if (n == -Errno.EAGAIN) {
                return 0;
            }
            if (n < 0) {
                throw new ErrnoException("read eventfd", (int) -n);
            }
            return Libc.MEMORY.get(JAVA_LONG, scratch.struct());
        }
    }

    @Override
    public void close() {
        try {
            descriptor.close();
        } catch (ErrnoException e) {
            throw new AssertionError("an event descriptor has nothing to lose", e);
        }
    }
}
