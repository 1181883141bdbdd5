package io.nydus4j.storage.cache;

import io.nydus4j.blob.ChunkRecord;
import java.io.IOException;
import java.util.List;

/** What an image says of the chunks of one blob; it may still be being read. */
@FunctionalInterface
public interface ChunkRecords {
    /**
     * Returns the records, in any order. May wait until they are read.
     *
     * @throws IOException if the image is broken
     */
    List<ChunkRecord> get() throws IOException;
}
