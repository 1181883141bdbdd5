package io.nydus4j.linux.file;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.nydus4j.linux.ErrnoException;
import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.SysResource;

/** How many files the process may have open. */
public final class OpenFileLimit {
    private OpenFileLimit() {}

    /**
     * Sets the limit to a number, or to the most that the system allows if that is less. What was allowed before stays allowed.
     *
     * @return the limit from now on, at most {@code Long.MAX_VALUE}
     * @throws ErrnoException if the limit cannot even be found out
     */
    public static long raise(long wanted) throws ErrnoException {
        try (Scratch scratch = Scratch.take()) {
            int result = SysResource.getrlimit(scratch, SysResource.RLIMIT_NOFILE, scratch.struct());
            if (result < 0) {
                throw new ErrnoException("getrlimit", -result);
            }
            long soft = unsigned(scratch.memory().get(JAVA_LONG, scratch.structOffset()));
            long hard = unsigned(scratch.memory().get(JAVA_LONG, scratch.structOffset() + Long.BYTES));
            if (soft >= wanted) {
                return soft;
            }
            if (hard < wanted && set(scratch, wanted, wanted)) {
                return wanted;
            }
            long possible = Math.min(hard, wanted);
            return possible > soft && set(scratch, possible, hard) ? possible : soft;
        }
    }

    /** The kernel's word for no limit is the largest unsigned number. */
    private static long unsigned(long value) {
        return value < 0 ? Long.MAX_VALUE : value;
    }

    private static boolean set(Scratch scratch, long soft, long hard) {
        scratch.setStructLong(0, soft);
        scratch.setStructLong(Long.BYTES, hard == Long.MAX_VALUE ? -1 : hard);
        return SysResource.setrlimit(scratch, SysResource.RLIMIT_NOFILE, scratch.struct()) == 0;
    }
}
