package io.nydus4j.build.write;

import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** The plain data of one file, which comes once and in order. */
@FunctionalInterface
public interface FileData {
    /**
     * Reads the next bytes.
     *
     * @param target native memory, at least one byte; need not be filled
     * @return the number of bytes read, at least 1, or -1 at the end
     * @throws IOException if they cannot be read; the message names where they come from
     */
    int read(MemorySegment target) throws IOException;
}
