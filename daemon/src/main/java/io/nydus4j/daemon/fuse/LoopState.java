package io.nydus4j.daemon.fuse;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.linux.fuse.FuseRequest;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import org.jspecify.annotations.Nullable;

/** What a loop thread keeps to itself: views of the inodes it met of late, a plan to fill again, the request it is at. */
final class LoopState {
    private static final int INODES = 256;

    private final @Nullable Inode[] inodes = new Inode[INODES];
    private final ReadPieces plan = new ReadPieces();
    private long node;
    private int opcode;
    private long unique;
    private volatile long startSeconds;

    /**
     * Returns an inode; allocates nothing if it was met of late.
     *
     * @throws RafsFormatException if there is no such inode, or it is broken
     */
    Inode inode(Bootstrap bootstrap, long ino) throws RafsFormatException {
        int slot = (int) ((ino ^ ino >>> 8) & INODES - 1);
        Inode known = inodes[slot];
        if (known != null && known.ino() == ino) {
            return known;
        }
        Inode inode = bootstrap.inode(ino);
        inodes[slot] = inode;
        return inode;
    }

    ReadPieces plan() {
        return plan;
    }

    /** Shows what this thread is doing. */
    void begin(FuseRequest request) {
        node = request.nodeId();
        opcode = request.opcode();
        unique = request.unique();
        startSeconds = System.currentTimeMillis() / 1000;
    }

    /** Shows that this thread is doing nothing. */
    void end() {
        startSeconds = 0;
    }

    /** Adds what this thread is doing; from any thread. */
    void addTo(InflightTable.Sink sink) {
        long start = startSeconds;
        if (start != 0) {
            sink.add(node, opcode, unique, start);
        }
    }
}
