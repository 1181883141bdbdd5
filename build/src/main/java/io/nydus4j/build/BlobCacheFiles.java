package io.nydus4j.build;

import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.build.OutputPlace.OutputDirectory;
import io.nydus4j.build.write.BlobWriter;
import io.nydus4j.build.write.OutputFile;
import io.nydus4j.build.write.StoredChunks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * The files that a build makes instead of a blob: its uncompressed address space and its plain chunk information, as a daemon has them in
 * its cache when it has fetched all. Not safe for use by several threads.
 */
final class BlobCacheFiles {
    private static final String DATA = ".blob.data";
    private static final String CHUNK_INFO = ".blob.meta";
    private static final int PAGE = 4096;

    private final BuildOutputs outputs;
    private final OutputFile data;
    private final OutputFile chunkInfo;

    /** Starts the files in a directory. */
    BlobCacheFiles(Path directory, BuildOutputs outputs) throws IOException {
        this.outputs = outputs;
        data = outputs.open(new OutputDirectory(directory));
        chunkInfo = outputs.open(new OutputDirectory(directory));
    }

    /** Starts the blob. */
    BlobWriter newBlob() {
        return BlobWriter.toCache(data);
    }

    /**
     * Ends the files.
     *
     * @param blobId id of the blob that would have been written
     * @param header describes the chunk information; empty for v5, which has none
     */
    void finish(String blobId, BlobWriter blob, StoredChunks chunks, Optional<ChunkInfoHeader> header)
            throws IOException {
        blob.endPlain(chunks.uncompressedSize());
        if (header.isPresent()) {
            byte[] array = chunks.chunkInfo().toBytes();
            chunkInfo.write(MemorySegment.ofArray(Arrays.copyOf(array, Math.ceilDiv(array.length, PAGE) * PAGE)));
            chunkInfo.write(MemorySegment.ofArray(header.get().toBytes()));
        }
        outputs.setName(data, blobId + DATA);
        outputs.setName(chunkInfo, blobId + CHUNK_INFO);
    }
}
