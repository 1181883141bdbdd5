package io.nydus4j.rafs;

import io.nydus4j.blob.RafsFormatException;
import java.util.List;

/**
 * Widens a small read of a v5 image to what comes next in the file and in the files behind it, which mostly lies next in the blob,
 * too. Mirrors {@code RafsSuper::amplify_user_io} of the reference.
 *
 * <p>To be tried for a read below the batch size of which not all chunks are there yet. What is added is not for the user.
 */
public final class ReadAmplification {
    /** A batch divided by two to the power of this is the gap that joins requests. */
    public static final int BATCH_SIZE_TO_GAP_SHIFT = 7;

    private static final System.Logger LOG = System.getLogger(ReadAmplification.class.getName());

    private static final int MAX_TRIES = 64;
    /** How many inodes are looked at for files. */
    private static final int MAX_INODES = 4096;

    private final Bootstrap bootstrap;
    private final IoVector last;
    private final long gap;
    private long window;

    private ReadAmplification(Bootstrap bootstrap, IoVector last, long gap, long window) {
        this.bootstrap = bootstrap;
        this.last = last;
        this.gap = gap;
        this.window = window;
    }

    /**
     * Adds to the last vector of a read.
     *
     * @param inode     the file
     * @param offset    start of the read in the file, in bytes
     * @param size      length of the read, in bytes, at least 1
     * @param batchSize what one request may bring, in bytes
     * @param vectors   the plan of the read; its last vector grows
     */
    public static void amplify(
            Bootstrap bootstrap, Inode inode, long offset, long size, int batchSize, List<IoVector> vectors) {
        if (bootstrap.superblock().version() != RafsVersion.V5
                || size >= batchSize
                || vectors.isEmpty()
                || vectors.getLast().isEmpty()) {
            return;
        }
        long mask = bootstrap.superblock().chunkSize() - 1L;
        long base = Math.min((offset + size + mask) & ~mask, inode.size());
        long actual = base - (offset & ~mask);
        if (actual < batchSize) {
            ReadAmplification amplification = new ReadAmplification(
                    bootstrap, vectors.getLast(), batchSize >>> BATCH_SIZE_TO_GAP_SHIFT, batchSize - actual);
            try {
                amplification.run(inode, base);
            } catch (RafsFormatException e) {
                // What was read ahead is nobody's loss; whoever asks for the broken inode gets the error.
                LOG.log(System.Logger.Level.DEBUG, "read ahead ends: {0}", e.getMessage());
            }
        }
    }

    private void run(Inode inode, long base) throws RafsFormatException {
        if (base < inode.size()) {
            add(inode, base, Math.min(inode.size() - base, window));
        }
        int chunkSize = bootstrap.superblock().chunkSize();
        int tries = MAX_TRIES;
        long end = Math.min(bootstrap.maxIno(), inode.ino() + MAX_INODES);
        for (long ino = inode.ino() + 1; window > 0 && tries > 0 && ino <= end; ino++) {
            Inode next = bootstrap.inode(ino);
            if (!next.isRegular() || next.size() == 0) {
                continue;
            }
            if (next.size() < window) {
                tries -= add(next, 0, next.size());
            } else if (window >= chunkSize) {
                tries -= add(next, 0, window / chunkSize * chunkSize);
            } else {
                break;
            }
        }
    }

    /** Adds a range of a file as far as it continues the vector; returns of how many vectors the range is. */
    private int add(Inode inode, long offset, long length) throws RafsFormatException {
        List<IoVector> vectors = IoVector.plan(bootstrap, inode, offset, length, false);
        for (IoVector vector : vectors) {
            if (vector.blobIndex() == last.blobIndex()) {
                window = Math.max(0, window - vector.size());
                if (last.pieces().getLast().isContinuous(vector.pieces().getFirst(), gap)) {
                    last.append(vector);
                }
            }
        }
        return vectors.size();
    }
}
