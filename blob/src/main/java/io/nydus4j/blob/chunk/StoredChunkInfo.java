package io.nydus4j.blob.chunk;

/**
 * Chunk information in its stored form, ready to be written one part behind the other. Compared by identity of its arrays.
 *
 * @param header       the header's values
 * @param plain        the array, plain: what its digest covers
 * @param stored       the array, compressed and encrypted
 * @param storedHeader the header's 4096 bytes, encrypted if the blob is
 */
@SuppressWarnings("ArrayRecordComponent") // a carrier of buffers, never compared
public record StoredChunkInfo(ChunkInfoHeader header, byte[] plain, byte[] stored, byte[] storedHeader) {}
