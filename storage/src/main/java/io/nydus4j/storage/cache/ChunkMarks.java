package io.nydus4j.storage.cache;

import java.io.IOException;

/** Remembers which chunks a cache file holds. Safe for use by several threads. */
sealed interface ChunkMarks extends AutoCloseable permits ChunkMap, UnknownMarks {
    /** Tells whether the file may hold the chunk with this index. */
    boolean isSet(int index);

    /** Notes that the file holds a chunk; its bytes are written already. */
    void set(int index);

    /** Notes that the file does not hold a chunk. */
    void clear(int index);

    /** Notes that the file holds no chunk. */
    void clearAll();

    /**
     * Notes that the file holds every chunk for good; its bytes are on the disk already.
     *
     * @throws IOException if this cannot be written down
     */
    void complete() throws IOException;

    /** Tells whether {@link #complete} was said before. */
    boolean isComplete();

    /** Tells whether every chunk is set. */
    boolean isFull();

    @Override
    void close();
}
