package io.nydus4j.daemon.fuse;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import org.jspecify.annotations.Nullable;

/** What a loop thread keeps to itself for all images: views of the inodes it met of late, a plan to fill again. */
final class LoopState {
    private static final int INODES = 256;

    private final @Nullable Inode[] inodes = new Inode[INODES];
    private final @Nullable Bootstrap[] owners = new Bootstrap[INODES];
    private final ReadPieces plan = new ReadPieces();

    /**
     * Returns an inode; allocates nothing if it was met of late.
     *
     * @param index index of the image among the mounts
     * @throws RafsFormatException if there is no such inode, or it is broken
     */
    Inode inode(int index, Bootstrap bootstrap, long ino) throws RafsFormatException {
        int slot = (int) ((ino ^ ino >>> 8 ^ index * 31L) & INODES - 1);
        Inode known = inodes[slot];
        if (known != null && owners[slot] == bootstrap && known.ino() == ino) {
            return known;
        }
        Inode inode = bootstrap.inode(ino);
        inodes[slot] = inode;
        owners[slot] = bootstrap;
        return inode;
    }

    /** Drops what belongs to an image that no loop uses any more; from any thread. */
    void forget(Bootstrap bootstrap) {
        for (int slot = 0; slot < INODES; slot++) {
            if (owners[slot] == bootstrap) {
                inodes[slot] = null;
                owners[slot] = null;
            }
        }
    }

    ReadPieces plan() {
        return plan;
    }
}
