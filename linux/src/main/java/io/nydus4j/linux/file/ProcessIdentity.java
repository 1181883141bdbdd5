package io.nydus4j.linux.file;

import io.nydus4j.linux.libc.Scratch;
import io.nydus4j.linux.libc.Unistd;

/** Whom the process acts as. */
public final class ProcessIdentity {
    private ProcessIdentity() {}

    /** Returns the effective user id, unsigned. */
    public static int effectiveUser() {
        try (Scratch scratch = Scratch.take()) {
            return Unistd.geteuid(scratch);
        }
    }

    /** Returns the effective group id, unsigned. */
    public static int effectiveGroup() {
        try (Scratch scratch = Scratch.take()) {
            return Unistd.getegid(scratch);
        }
    }

    /** Tells whether the process acts as root of its user namespace. */
    public static boolean isRoot() {
        return effectiveUser() == 0;
    }
}
