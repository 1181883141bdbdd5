package io.nydus4j.storage.cache;

import io.nydus4j.blob.BlobInfo;
import io.nydus4j.blob.ChunkRecord;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.storage.CacheCounters;
import io.nydus4j.storage.DataOrigin;
import io.nydus4j.storage.Pin;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** The blob of a tarfs image: the tar file itself, complete from the start. Its offsets are those of the file. */
public final class TarBlob implements CachedBlob {
    private final BlobInfo info;
    private final CacheCounters counters;
    private final Path file;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment mapping;

    private TarBlob(BlobInfo info, CacheCounters counters, FileChannel channel, Path file) throws IOException {
        this.info = info;
        this.file = file;
        this.counters = counters;
        this.mapping = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }

    /**
     * Opens a tar file.
     *
     * @throws RafsFormatException if it is shorter than the image says
     */
    static TarBlob open(BlobInfo info, Path file, CacheCounters counters) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < info.uncompressedSize()) {
                throw new RafsFormatException(
                        "tar file " + file, -1, "expected " + info.uncompressedSize() + " bytes, found " + size);
            }
            return new TarBlob(info, counters, channel, file);
        }
    }

    @Override
    public BlobInfo info() {
        return info;
    }

    @Override
    public long size() {
        return mapping.byteSize();
    }

    @Override
    public boolean isReady(long offset, long length) {
        return offset >= 0 && length >= 0 && offset <= size() - length;
    }

    @Override
    public Pin ensure(long offset, long length) throws IOException {
        if (!isReady(offset, length)) {
            throw new RafsFormatException(
                    "blob " + info.effectiveId(),
                    offset,
                    "expected data, but the range of " + length + " bytes lies past the end of the tar file, "
                            + size());
        }
        counters.hit();
        return Pin.NONE;
    }

    @Override
    public DataOrigin read(long offset, ByteBuffer target) throws IOException {
        int length = target.remaining();
        try (Pin pin = ensure(offset, length)) {
            MemorySegment.ofBuffer(target).copyFrom(mapping.asSlice(offset, length));
            target.position(target.position() + length);
            return pin.origin();
        }
    }

    @Override
    public Optional<MemorySegment> mapping() {
        return Optional.of(mapping);
    }

    @Override
    public Optional<Path> file() {
        return Optional.of(file);
    }

    @Override
    public boolean isComplete() {
        return true;
    }

    @Override
    public void prefetch(long offset, long length) {
        // Everything is here.
    }

    @Override
    public void learn(BlobInfo other, List<ChunkRecord> records) throws IOException {
        if (other.uncompressedSize() > size()) {
            throw new RafsFormatException(
                    "blob " + info.effectiveId(),
                    -1,
                    "expected " + other.uncompressedSize() + " bytes, the tar file has " + size());
        }
    }

    @Override
    public List<ChunkSpan> spans(long storedEnd, int batch) {
        return List.of();
    }

    @Override
    public long storedSize(long offset, long length) {
        return 0;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
