package io.nydus4j.bench;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.blob.digest.Crc32c;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.linux.file.ZeroMemory;
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
 * ones compressed, by as many threads as may run at once, with the calls that a build makes and as many chunks at a time.
 */
final class CodecBound implements AutoCloseable {
    /** Plain bytes that a thread takes at once, unless one chunk has more. */
    private static final long RUN_BYTES = 1 << 20;
    /** Most chunks that a thread takes at once. */
    private static final int RUN_CHUNKS = 512;

    private record Chunk(MemorySegment data, boolean repeated) {}

    /** Chunks that lie one behind the other, with the places in {@code data} where they end. */
    private record Run(MemorySegment data, int[] ends, List<Chunk> chunks) {}

    private final Arena arena;
    private final List<Chunk> chunks;
    private final List<Run> runs;
    private final int chunkSize;

    private CodecBound(Arena arena, MemorySegment data, List<Chunk> chunks, int chunkSize) {
        this.arena = arena;
        this.chunks = chunks;
        this.runs = runs(data, chunks);
        this.chunkSize = chunkSize;
    }

    /** Reads all files below a directory into memory; a file with several names once. To be closed by the caller. */
    static CodecBound load(Path root, int chunkSize) throws IOException {
        List<Path> files = files(root);
        long size = 0;
        for (Path file : files) {
            size += Files.size(file);
        }
        Arena arena = Arena.ofShared();
        MemorySegment data = ZeroMemory.allocate(arena, Math.max(1, size)); // in huge pages, as a build's buffers are
        List<Chunk> chunks = new ArrayList<>();
        Set<Digest> digests = new HashSet<>();
        ChunkDigester digester = new ChunkDigester();
        long end = 0;
        for (Path file : files) {
            long fileStart = end;
            end += read(file, data.asSlice(end));
            for (long start = fileStart; start < end; start += chunkSize) {
                MemorySegment chunk = data.asSlice(start, Math.min(chunkSize, end - start));
                chunks.add(new Chunk(chunk, !digests.add(digester.digest(DigestAlgorithm.BLAKE3, chunk))));
            }
        }
        return new CodecBound(arena, data, chunks, chunkSize);
    }

    private static List<Path> files(Path root) throws IOException {
        Set<Object> seen = new HashSet<>();
        List<Path> files = new ArrayList<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : (Iterable<Path>) paths::iterator) {
                if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
                        && seen.add(Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS))) {
                    files.add(path);
                }
            }
        }
        return files;
    }

    private static long read(Path path, MemorySegment target) throws IOException {
        try (FileChannel channel = FileChannel.open(path)) {
            long size = channel.size();
            for (long done = 0; done < size; ) {
                int count = channel.read(
                        target.asSlice(done, Math.min(1 << 30, size - done)).asByteBuffer(), done);
                if (count < 0) {
                    throw new IOException(path + " became shorter");
                }
                done += count;
            }
            return size;
        }
    }

    private static List<Run> runs(MemorySegment data, List<Chunk> chunks) {
        List<Run> runs = new ArrayList<>();
        long start = 0;
        for (int first = 0; first < chunks.size(); ) {
            long bytes = 0;
            int next = first;
            do {
                bytes += chunks.get(next++).data.byteSize();
            } while (next < chunks.size()
                    && next - first < RUN_CHUNKS
                    && bytes + chunks.get(next).data.byteSize() <= RUN_BYTES);
            List<Chunk> taken = chunks.subList(first, next);
            int[] ends = new int[taken.size()];
            int end = 0;
            for (int i = 0; i < ends.length; i++) {
                end += (int) taken.get(i).data.byteSize();
                ends[i] = end;
            }
            runs.add(new Run(data.asSlice(start, bytes), ends, taken));
            start += bytes;
            first = next;
        }
        return runs;
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
            Digest[] digests = new Digest[RUN_CHUNKS];
            for (int i = next.getAndIncrement(); i < runs.size(); i = next.getAndIncrement()) {
                Run run = runs.get(i);
                digester.digestAll(DigestAlgorithm.BLAKE3, run.data, run.ends, run.ends.length, digests);
                for (Chunk chunk : run.chunks) {
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
