package io.nydus4j.storage.cache;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** The file that a blob's chunks rest in. Safe for use by several threads. */
sealed interface ChunkFile extends AutoCloseable permits PlainChunkFile, StoredChunkFile, EncryptedChunkFile {
    /**
     * Writes a chunk.
     *
     * @param stored the stored bytes of the chunk's decoding unit
     * @param plain  the chunk's plain bytes, which have passed their check
     */
    void write(ChunkIndex index, int position, MemorySegment stored, MemorySegment plain) throws IOException;

    /**
     * Reads a chunk back, unchecked. Puts zeros behind it again if something else is there.
     *
     * @param worker decodes
     * @return the chunk's plain bytes, valid until the worker is used again
     * @throws IOException if the file cannot be read, or does not hold the chunk
     */
    MemorySegment read(ChunkIndex index, int position, DecodeWorker worker) throws IOException;

    /** Returns the plain bytes in memory, if this file holds plain bytes. */
    Optional<MemorySegment> mapping();

    /** Waits until everything written is on the disk. */
    void force() throws IOException;

    @Override
    void close();
}
