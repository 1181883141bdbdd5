package io.nydus4j.storage.cache;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Optional;

/** Plain bytes at their uncompressed offsets: {@code .blob.data}. Mapped into memory for reading; written by the channel. */
final class PlainChunkFile implements ChunkFile {
    /** What the names of such files end in. */
    static final String SUFFIX = ".blob.data";

    private static final int PAGE = 4096;
    private static final MemorySegment ZEROS = Arena.global().allocate(PAGE);

    private final FileChannel channel;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment mapping;

    /**
     * Maps a file.
     *
     * @param channel open for reading and writing; closed with this
     * @param size    its length in bytes
     */
    PlainChunkFile(FileChannel channel, long size) throws IOException {
        this.channel = channel;
        this.mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, size, arena);
    }

    @Override
    public void write(ChunkIndex index, int position, MemorySegment stored, MemorySegment plain) throws IOException {
        ChunkFiles.write(channel, index.start(position), plain.asByteBuffer());
    }

    // Padding has no checksum, but who maps whole blocks sees it.
    @Override
    public MemorySegment read(ChunkIndex index, int position, DecodeWorker worker) throws IOException {
        int length = index.length(position);
        long end = index.end(position);
        int padding = index.padded() ? (int) (Math.min(mapping.byteSize(), end + PAGE - 1 & -PAGE) - end) : 0;
        MemorySegment page = worker.plain(length + padding);
        ChunkFiles.read(channel, index.start(position), page.asByteBuffer());
        MemorySegment behind = page.asSlice(length, padding);
        if (ZEROS.asSlice(0, padding).mismatch(behind) >= 0) {
            behind.fill((byte) 0);
            ChunkFiles.write(channel, end, behind.asByteBuffer());
        }
        return page.asSlice(0, length);
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return Optional.of(mapping);
    }

    @Override
    public void force() throws IOException {
        channel.force(false);
    }

    @Override
    public void close() {
        arena.close();
        ChunkFiles.close(channel);
    }
}
