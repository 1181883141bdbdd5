package io.nydus4j.linux.socket;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.nydus4j.linux.Errno;
import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.file.Descriptor;
import io.nydus4j.linux.libc.Libc;
import io.nydus4j.linux.libc.Poll;
import io.nydus4j.linux.libc.Scratch;
import java.time.Duration;

/** Waits until a descriptor has something to say ({@code poll}); holds on to the platform thread meanwhile. */
public final class Readiness {
    private static final short POLLIN = 1;

    private Readiness() {}

    /**
     * Waits for input, the end of it, or an error: for whatever makes a read return at once.
     *
     * @param patience longest time to wait, rounded up to milliseconds
     * @return false if nothing came in time
     */
    public static boolean awaitInput(Descriptor descriptor, Duration patience) throws ErrnoException {
        long deadline = System.nanoTime() + patience.toNanos();
        try (Scratch scratch = Scratch.take()) {
            while (true) {
                long left = Math.max(0, Math.ceilDiv(deadline - System.nanoTime(), 1_000_000L));
                Libc.MEMORY.set(JAVA_INT, scratch.struct(), descriptor.number());
                Libc.MEMORY.set(JAVA_SHORT, scratch.struct() + 4, POLLIN);
                Libc.MEMORY.set(JAVA_SHORT, scratch.struct() + 6, (short) 0);
                int ready = Poll.poll(scratch, scratch.struct(), 1, (int) Math.min(left, Integer.MAX_VALUE));
                if (ready >= 0) {
                    return ready > 0;
                }
                if (ready != -Errno.EINTR) {
                    throw new ErrnoException("poll", -ready);
                }
            }
        }
    }
}
