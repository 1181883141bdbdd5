package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.api.InflightRequest;
import io.nydus4j.daemon.trace.AccessTrace;
import io.nydus4j.daemon.trace.ReadSource;
import io.nydus4j.linux.fuse.PendingReply;
import io.nydus4j.rafs.Inode;
import org.jspecify.annotations.Nullable;

/**
 * A READ that was put aside.
 *
 * @param reply      to be completed
 * @param shown      what the daemon tells of it meanwhile
 * @param pid        process that reads, 0 for the kernel
 * @param process    its name, empty unless it is noted
 * @param inode      a regular file
 * @param offset     start in the file, in bytes
 * @param length     bytes, at least 1, not past the end of the file
 * @param startNanos when it came, by {@link System#nanoTime()}
 * @param trace      where it is noted, if anywhere
 */
record LateRead(
        PendingReply reply,
        InflightRequest shown,
        int pid,
        String process,
        Inode inode,
        long offset,
        int length,
        long startNanos,
        @Nullable AccessTrace trace) {
    /** Notes where the bytes were. */
    void traced(ReadSource source) {
        if (trace != null) {
            trace.read(pid, process, inode.ino(), offset, length, source, startNanos);
        }
    }
}
