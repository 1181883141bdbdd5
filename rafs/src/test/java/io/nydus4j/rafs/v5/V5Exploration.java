package io.nydus4j.rafs.v5;

import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.rafs.BootstrapWalk;
import io.nydus4j.rafs.PrefetchRun;
import io.nydus4j.rafs.ReadPlan;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Reads everything that a bootstrap tells, the way a hostile one is read. */
final class V5Exploration {
    /** More steps than a bootstrap of this many bytes can honestly take. */
    private static final int STEPS_PER_BYTE = 2;

    private final V5Bootstrap image;
    private long steps;

    private V5Exploration(V5Bootstrap image) {
        this.image = image;
        this.steps = STEPS_PER_BYTE * image.byteSize();
    }

    /** Does what it can with {@code bytes}; anything but a {@link RafsFormatException} is a defect. */
    static void explore(byte[] bytes) {
        V5Bootstrap image;
        try {
            image = V5Bootstrap.open(MemorySegment.ofArray(bytes), () -> {});
        } catch (RafsFormatException e) {
            return;
        }
        V5Exploration exploration = new V5Exploration(image);
        exploration.attempt(exploration::walk);
        exploration.attempt(image::validateInodes);
        exploration.attempt(image::validateDigests);
        exploration.attempt(() -> image.forEachChunk(chunk -> exploration.step()));
        exploration.attempt(() -> V5TreeReader.read(image, 0));
        exploration.attempt(() -> {
            try {
                PrefetchRun.prefetchFiles(image, 1, Optional.empty(), (vector, last) -> exploration.step());
            } catch (RafsFormatException e) {
                throw e;
            } catch (IOException e) {
                if (!(e.getCause() instanceof RafsFormatException)) {
                    throw new AssertionError(e);
                }
            }
        });
        for (long ino = 0; ino <= Math.min(image.maxIno() + 1, 200); ino++) {
            long number = ino;
            exploration.attempt(() -> exploration.inode(image.inode(number)));
            exploration.attempt(() -> image.path(number));
        }
    }

    /** Something that may find the image broken. */
    private interface Attempt {
        void run() throws RafsFormatException;
    }

    private void attempt(Attempt attempt) {
        try {
            attempt.run();
        } catch (RafsFormatException expected) {
            // That is what broken images are for.
        }
    }

    private void step() {
        if (--steps < 0) {
            throw new AssertionError("more steps than the bootstrap has bytes for");
        }
    }

    private void walk() throws RafsFormatException {
        BootstrapWalk.preOrder(image, (inode, walk) -> {
            step();
            inode((V5InodeView) inode);
        });
    }

    private void inode(V5InodeView inode) throws RafsFormatException {
        inode.name();
        attempt(inode::symlinkTarget);
        for (byte[] name : inode.xattrNames()) {
            step();
            inode.xattr(name);
        }
        inode.child(new byte[] {'a'});
        // Many names of one file repeat its chunks, so only some are looked at.
        for (int i = 0; i < Math.min(inode.chunkCount(), 20); i++) {
            inode.chunkFileOffset(i);
            inode.chunk(i);
        }
        ReadPlan.forEach(inode, image.chunkSize(), 0, 100_000, (fileOffset, blob, blobOffset, length) -> {});
    }
}
