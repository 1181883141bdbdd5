package io.nydus4j.build.source;

import io.nydus4j.rafs.tree.ImageTree;
import java.io.IOException;
import java.util.function.LongConsumer;

/** What an image is built from: a tree of names, and the data of its files. */
public interface Source extends AutoCloseable {
    /**
     * Reads all names. To be called once.
     *
     * @param threads  how many threads may read at once, at least 1
     * @param progress hears how many names were read; called by any thread
     * @return a tree that is not numbered yet; no file has chunks
     * @throws IOException if the source cannot be read; the message names the file
     */
    ImageTree readTree(int threads, LongConsumer progress) throws IOException;

    /** Opens a reader of file data for one thread. */
    FileReader openReader();

    /** Returns how many names have been seen so far, dropped ones too. May be called by any thread. */
    long namesSeen();

    @Override
    void close() throws IOException;
}
