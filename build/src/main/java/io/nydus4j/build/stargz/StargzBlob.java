package io.nydus4j.build.stargz;

import io.nydus4j.blob.ChunkRecord;
import java.util.List;

/**
 * A layer as the blob of an image.
 *
 * @param chunks           its chunks, by index
 * @param uncompressedSize size of the uncompressed address space, in bytes
 * @param compressedSize   where the last window of a chunk ends in the layer, in bytes
 */
public record StargzBlob(List<ChunkRecord> chunks, long uncompressedSize, long compressedSize) {
    /** Copies the list. */
    public StargzBlob {
        chunks = List.copyOf(chunks);
    }
}
