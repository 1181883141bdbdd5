package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.fuse.FuseAttributes;
import io.nydus4j.linux.fuse.FuseHandler;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/**
 * A file system below a {@link Vfs}: it answers for the nodes whose numbers carry its index, and for {@link NodeNumbers#ROOT} where it
 * is mounted on {@code /}.
 *
 * <p>Node ids are {@link NodeNumbers#of numbers} with its index, the same for every process that serves it. It must not answer
 * {@code ENOSYS} to what the kernel then asks of no file system any more, unless it is the only one there will ever be. Requests that
 * it puts aside are its own to finish: see {@link #awaitIdle}.
 */
public interface MountedFileSystem extends FuseHandler {
    /** Returns by which id the kernel asks for the root. */
    long rootNodeId();

    /** Returns for how long the kernel may keep the root's entry, in seconds. */
    long keepSeconds();

    /** Fills in the root's attributes. */
    FuseAttributes rootAttributes(FuseAttributes attributes) throws IOException;

    /** Returns the names in the root that the kernel may know; only asked of a file system on {@code /}. */
    List<byte[]> rootNames() throws IOException;

    /**
     * Waits until every request that was put aside has its answer. New ones no longer come.
     *
     * @param patience longest time to wait
     * @return whether that came to be in time
     */
    boolean awaitIdle(Duration patience) throws InterruptedException;
}
