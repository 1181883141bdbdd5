package io.nydus4j.daemon.vfs;

import io.nydus4j.linux.fuse.FuseRequest;
import org.jspecify.annotations.Nullable;

/** What one loop thread is doing: the request it is at, and the file system that it must not lose meanwhile. */
final class LoopRequest {
    private long node;
    private int opcode;
    private long unique;
    private volatile long startSeconds;

    /** What this thread uses. Written by this thread alone; whoever takes a file system away waits until no thread uses it. */
    private volatile @Nullable MountedFileSystem used;

    /** Shows what this thread is doing. */
    void begin(FuseRequest request) {
        node = request.nodeId();
        opcode = request.opcode();
        unique = request.unique();
        startSeconds = System.currentTimeMillis() / 1000;
    }

    /** Says what this thread is about to use; it must then look whether that is still there. */
    void use(@Nullable MountedFileSystem fileSystem) {
        used = fileSystem;
    }

    boolean uses(MountedFileSystem fileSystem) {
        return used == fileSystem;
    }

    /** Shows that this thread is doing nothing. */
    void end() {
        used = null;
        startSeconds = 0;
    }

    /** Adds what this thread is doing; from any thread, so it may be torn. */
    void addTo(RequestTable.Sink sink) {
        long start = startSeconds;
        if (start != 0) {
            sink.add(node, opcode, unique, start);
        }
    }
}
