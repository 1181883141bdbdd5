package io.nydus4j.build.write;

import io.nydus4j.blob.chunk.ChunkInfo;
import io.nydus4j.blob.zran.ZranChunk;

/**
 * Where a chunk lies in the archive that it stays in.
 *
 * @param offset  start of its bytes in the archive, in bytes
 * @param size    number of bytes there
 * @param zran    whether it is decompressed through a context
 * @param context if so, index of the context and offset in its plain bytes, see {@link ChunkInfo#contextData}; else 0
 */
public record ChunkPlace(long offset, int size, boolean zran, long context) {
    /** Returns the place of a chunk whose plain bytes are in the archive. */
    public static ChunkPlace plain(long offset, int size) {
        return new ChunkPlace(offset, size, false, 0);
    }

    /** Returns the place of a chunk in a gzip file. */
    public static ChunkPlace of(ZranChunk chunk) {
        return new ChunkPlace(
                chunk.compressedOffset(),
                chunk.compressedSize(),
                true,
                ChunkInfo.contextData(chunk.contextIndex(), chunk.offsetInContext()));
    }
}
