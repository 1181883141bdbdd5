package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.util.Optional;

/** Reads what a bootstrap of either version tells, the way a hostile one is read: it may be broken, and must not take long. */
public final class BootstrapExploration {
    /** More steps than a bootstrap of this many bytes can honestly take. */
    private static final int STEPS_PER_BYTE = 2;

    private static final int INODES = 200;
    private static final int CHUNKS = 20;

    private final Bootstrap image;
    private final InodeLook look;
    private long steps;

    /**
     * Makes one of an image that was opened.
     *
     * @param look looks at what only inodes of its version have
     */
    public BootstrapExploration(Bootstrap image, InodeLook look) {
        this.image = image;
        this.look = look;
        this.steps = STEPS_PER_BYTE * image.byteSize();
    }

    /** Something that may find the image broken. */
    @FunctionalInterface
    public interface Attempt {
        /** Tries it. */
        void run() throws RafsFormatException;
    }

    /** Looks at an inode, which it may find broken. */
    @FunctionalInterface
    public interface InodeLook {
        /** Looks at it. */
        void at(Inode inode) throws RafsFormatException;
    }

    /** Does something; anything but a {@link RafsFormatException} is a defect. */
    public static void attempt(Attempt attempt) {
        try {
            attempt.run();
        } catch (RafsFormatException expected) {
            // That is what broken images are for.
        }
    }

    /** Reads all. */
    public void run() {
        attempt(() -> BootstrapWalk.preOrder(image, (inode, walk) -> {
            step();
            inode(inode);
        }));
        attempt(() -> image.forEachChunk(chunk -> step()));
        attempt(() -> TreeLoader.load(image, 0).number());
        attempt(this::prefetch);
        for (long ino = 0; ino <= Math.min(image.maxIno() + 1, INODES); ino++) {
            long number = ino;
            attempt(() -> inode(image.inode(number)));
            attempt(() -> image.path(number));
        }
    }

    private void step() {
        if (--steps < 0) {
            throw new AssertionError("more steps than the bootstrap has bytes for");
        }
    }

    private void prefetch() throws RafsFormatException {
        try {
            PrefetchRun.prefetchFiles(image, 1, Optional.empty(), (vector, last) -> step());
        } catch (RafsFormatException e) {
            throw e;
        } catch (IOException e) {
            if (!(e.getCause() instanceof RafsFormatException)) {
                throw new AssertionError(e);
            }
        }
    }

    private void inode(Inode inode) throws RafsFormatException {
        look.at(inode);
        attempt(inode::symlinkTarget);
        for (byte[] name : inode.xattrNames()) {
            step();
            inode.xattr(name);
        }
        inode.child(new byte[] {'a'});
        // Many names of one file repeat its chunks, so only some are looked at.
        for (int i = 0; i < Math.min(inode.chunkCount(), CHUNKS); i++) {
            inode.chunkFileOffset(i);
            inode.chunk(i);
        }
        ReadPlan.forEach(
                inode, image.superblock().chunkSize(), 0, 100_000, (fileOffset, blob, blobOffset, length) -> {});
    }
}
