package io.nydus4j.daemon.fuse;

import io.nydus4j.daemon.metrics.EventLog;
import io.nydus4j.daemon.vfs.RequestTable;

/**
 * What the file systems of one daemon share, so that a mount without work costs little.
 *
 * @param requests the requests that are being worked on
 * @param loops    what loop threads keep for themselves
 * @param buffers  memory for answers that must be gathered
 * @param events   gets the errors of backends
 */
public record FuseCommons(RequestTable requests, LoopStates loops, ReadBuffers buffers, EventLog events) {
    /** Makes it for a new daemon. */
    public FuseCommons(EventLog events) {
        this(new RequestTable(), new LoopStates(), new ReadBuffers(), events);
    }
}
