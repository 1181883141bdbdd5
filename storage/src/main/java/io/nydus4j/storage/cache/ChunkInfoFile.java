package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.PositionalSource;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.chunk.ChunkInfoHeader;
import io.nydus4j.blob.chunk.ChunkInfoLoader;
import io.nydus4j.blob.chunk.ChunkInfoTable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;

/**
 * The cache file of a blob's chunk information, {@code .blob.meta}: the plain array, then the plain header. Exchanged with the reference.
 *
 * <p>A file that contradicts the image is fetched anew: it was damaged, or its writer did not finish.
 */
final class ChunkInfoFile {
    /** What the names of such files end in. */
    static final String SUFFIX = ".blob.meta";

    private static final Logger LOGGER = System.getLogger(ChunkInfoFile.class.getName());

    private ChunkInfoFile() {}

    /** Opens the blob that holds the chunk information, when it is needed. */
    @FunctionalInterface
    interface SourceOpener {
        PositionalSource open() throws IOException;
    }

    /**
     * Returns a blob's chunk information: mapped from its cache file, after filling that from the backend if need be. May block on the
     * network.
     *
     * @param file    the cache file
     * @param info    what the image says of the blob
     * @param records what the image says of its chunks
     * @param source  where the chunk information is stored
     * @param arena   keeps the mapping; for a table that is used by several threads
     * @throws RafsFormatException if the file has another length than this blob's, or the blob is broken
     */
    static ChunkInfoTable load(Path file, BlobInfo info, ChunkRecords records, SourceOpener source, Arena arena)
            throws IOException {
        if (info.chunkInfoUncompressedSize() < 1) {
            throw new RafsFormatException("chunk information of blob " + info.id(), -1, "it is empty");
        }
        long size = ChunkInfoLoader.cachedSize(info);
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            long length = access.length();
            if (length != 0 && length != size) {
                throw new RafsFormatException(
                        "cache file " + file,
                        -1,
                        "expected " + size + " bytes, found " + length + "; it belongs to another blob, or is damaged");
            }
            if (length == size) {
                try {
                    ChunkInfoTable table = map(access.getChannel(), info, size, arena);
                    if (agrees(table, records.get())) {
                        return table;
                    }
                    LOGGER.log(Level.WARNING, "{0} contradicts the image, fetching it again", file);
                } catch (RafsFormatException e) {
                    LOGGER.log(Level.DEBUG, "{0} is not usable, fetching it: {1}", file, e.getMessage());
                }
            }
            ChunkInfoTable fetched = ChunkInfoLoader.load(info, source.open());
            access.setLength(size);
            write(access.getChannel(), fetched, size);
            return map(access.getChannel(), info, size, arena);
        }
    }

    private static boolean agrees(ChunkInfoTable table, List<ChunkRecord> records) {
        for (ChunkRecord record : records) {
            if (ChunkChecks.contradicts(table, record)) {
                return false;
            }
        }
        return true;
    }

    private static ChunkInfoTable map(FileChannel channel, BlobInfo info, long size, Arena arena) throws IOException {
        return ChunkInfoLoader.fromCache(info, channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena));
    }

    /** Writes the array, waits until it is on the disk, and writes the header, which makes the file valid. */
    private static void write(FileChannel channel, ChunkInfoTable table, long size) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment content = arena.allocate(size);
            ChunkInfoLoader.writeCache(table, content);
            long arraySize = size - ChunkInfoHeader.SIZE;
            ChunkFiles.write(channel, 0, content.asSlice(0, arraySize).asByteBuffer());
            channel.force(false);
            ChunkFiles.write(channel, arraySize, content.asSlice(arraySize).asByteBuffer());
        }
    }
}
