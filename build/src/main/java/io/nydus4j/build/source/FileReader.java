package io.nydus4j.build.source;

import io.nydus4j.rafs.tree.Node;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Reads the data of a source's files. Not safe for use by several threads; have one each. */
public interface FileReader extends AutoCloseable {
    /**
     * Fills {@code target} with part of a file.
     *
     * @param file   regular file of the source's tree
     * @param offset where to start, in bytes; the range lies within {@link Node#size()}
     * @param target native memory
     * @throws IOException if it cannot be read, or is not the file that the tree knows any more; the message names it
     */
    void read(Node file, long offset, MemorySegment target) throws IOException;

    @Override
    void close() throws IOException;
}
