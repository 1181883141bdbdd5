package io.nydus4j.storage.cache;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Optional;

/** Stored bytes at their offsets in the blob, as the backend gave them: {@code .blob.raw}. Each read decodes. */
final class StoredChunkFile implements ChunkFile {
    /** What the names of such files end in. */
    static final String SUFFIX = ".blob.raw";

    private final FileChannel channel;

    /** Takes a file, open for reading and writing; it is closed with this. */
    StoredChunkFile(FileChannel channel) {
        this.channel = channel;
    }

    @Override
    public void write(ChunkIndex index, int position, MemorySegment stored, MemorySegment plain) throws IOException {
        ChunkFiles.write(channel, index.unitOffset(position), stored.asByteBuffer());
    }

    @Override
    public MemorySegment read(ChunkIndex index, int position, DecodeWorker worker) throws IOException {
        int storedSize = index.unitStoredSize(position);
        try (NativeBuffers.Buffer buffer = NativeBuffers.SHARED.take(storedSize)) {
            MemorySegment stored = buffer.bytes(storedSize);
            ChunkFiles.read(channel, index.unitOffset(position), stored.asByteBuffer());
            MemorySegment unit = worker.decode(index, position, stored);
            return unit.asSlice(index.offsetInUnit(position), index.length(position));
        }
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return Optional.empty();
    }

    @Override
    public void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() {
        ChunkFiles.close(channel);
    }
}
