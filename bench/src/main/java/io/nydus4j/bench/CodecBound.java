package io.nydus4j.bench;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.blob.digest.Crc32c;
import io.nydus4j.blob.digest.Sha256;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * The bound that the codecs set for a build: all chunks of a directory's files, in memory, digested (BLAKE3 and CRC-32C), and the distinct
 * ones compressed, by as many threads as may run at once.
 */
final class CodecBound implements AutoCloseable {
    /** Chunks that a thread takes at once. */
    private static final int RUN = 16;

    private record Chunk(MemorySegment data, boolean repeated) {}

    private final Arena arena;
    private final List<Chunk> chunks;
    private final int chunkSize;

    private CodecBound(Arena arena, List<Chunk> chunks, int chunkSize) {
        this.arena = arena;
        this.chunks = chunks;
        this.chunkSize = chunkSize;
    }

    /** Reads all files below a directory into memory; a file with several names once. To be closed by the caller. */
    static CodecBound load(Path root, int chunkSize) throws IOException {
        Arena arena = Arena.ofShared();
        List<Chunk> chunks = new ArrayList<>();
        Set<Object> files = new HashSet<>();
        Set<Digest> digests = new HashSet<>();
        ChunkDigester digester = new ChunkDigester();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                        || !files.add(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))) {
                    continue;
                }
                MemorySegment data = read(arena, path);
                for (long start = 0; start < data.byteSize(); start += chunkSize) {
                    MemorySegment chunk = data.asSlice(start, Math.min(chunkSize, data.byteSize() - start));
                    chunks.add(new Chunk(chunk, !digests.add(digester.digest(DigestAlgorithm.BLAKE3, chunk))));
                }
            }
        }
        return new CodecBound(arena, chunks, chunkSize);
    }

    private static MemorySegment read(Arena arena, Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            MemorySegment data = arena.allocate(channel.size());
            for (long done = 0; done < data.byteSize(); ) {
                int count = channel.read(
                        data.asSlice(done, Math.min(1 << 30, data.byteSize() - done))
                                .asByteBuffer(),
                        done);
                if (count < 0) {
                    throw new IOException(path + " became shorter");
                }
                done += count;
            }
            return data;
        }
    }

    int chunkCount() {
        return chunks.size();
    }

    /** Returns the plain bytes of all chunks. */
    long bytes() {
        return chunks.stream().mapToLong(chunk -> chunk.data.byteSize()).sum();
    }

    /** Returns the plain bytes of distinct chunks. */
    long distinctBytes() {
        return chunks.stream()
                .filter(chunk -> !chunk.repeated)
                .mapToLong(chunk -> chunk.data.byteSize())
                .sum();
    }

    /**
     * Does the work once.
     *
     * @param named whether what would be stored is digested by SHA-256, too; each thread does so for itself, which a real build cannot
     * @return the time it took, in seconds
     */
    double run(Compression compression, int threads, boolean named) throws InterruptedException {
        AtomicInteger next = new AtomicInteger();
        List<Thread> workers = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < threads; i++) {
            workers.add(Thread.ofPlatform().start(() -> work(Codec.of(compression), next, named)));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        return (System.nanoTime() - start) / 1e9;
    }

    private void work(Codec codec, AtomicInteger next, boolean named) {
        ChunkDigester digester = new ChunkDigester();
        Sha256 name = new Sha256();
        try (Arena own = Arena.ofConfined()) {
            MemorySegment target = own.allocate(codec.maxCompressedLength(chunkSize));
            for (int first = next.getAndAdd(RUN); first < chunks.size(); first = next.getAndAdd(RUN)) {
                for (Chunk chunk : chunks.subList(first, Math.min(first + RUN, chunks.size()))) {
                    digester.digest(DigestAlgorithm.BLAKE3, chunk.data);
                    Crc32c.of(chunk.data);
                    if (chunk.repeated) {
                        continue;
                    }
                    int length = codec.compress(chunk.data, target);
                    if (named) {
                        name.update(length == Codec.STORED ? chunk.data : target.asSlice(0, length));
                    }
                }
            }
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
