package io.nydus4j.build;

/**
 * Hears how far a long work is. Called from whichever thread does the work, often; an implementation returns at once and is safe for
 * use by several threads.
 */
@FunctionalInterface
public interface ProgressListener {
    /** Hears nothing. */
    ProgressListener NONE = (step, done, total) -> {};

    /** The parts of a long work. */
    enum Step {
        /** Reading the source's tree; counts names. */
        SCAN,
        /** Storing file data; counts plain bytes. */
        STORE,
        /** Writing the bootstrap; counts its bytes. */
        BOOTSTRAP,
        /** Checking metadata; counts inodes. */
        CHECK,
        /** Reading and verifying file data; counts plain bytes. */
        VERIFY,
        /** Writing files out; counts bytes of the archive, or plain bytes of files. */
        UNPACK,
        /** Writing a block device; counts bytes. */
        EXPORT,
        /** Copying chunks from blob to blob; counts chunks. */
        REPACK
    }

    /**
     * Says how far a step is.
     *
     * @param done  how much is done, in the unit of the step
     * @param total how much there is, negative if that is not known
     */
    void progress(Step step, long done, long total);
}
