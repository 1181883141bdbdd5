package io.nydus4j.rafs;

import java.lang.foreign.MemorySegment;

/**
 * A bootstrap laid out but not written yet: every place is known, so the caller can make a file or a buffer of the right size.
 *
 * <p>Made by the writer of a version from an {@link io.nydus4j.rafs.tree.ImageTree}. The tree must not change in between.
 */
public interface BootstrapPlan {
    /** Returns the size of the bootstrap in bytes. */
    long size();

    /**
     * Writes the bootstrap, with the help of another thread.
     *
     * @param target {@link #size()} zero bytes, such as a mapped new file, that any thread may access
     */
    void write(MemorySegment target);
}
