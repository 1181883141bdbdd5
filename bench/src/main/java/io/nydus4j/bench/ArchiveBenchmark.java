package io.nydus4j.bench;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.blob.digest.Crc32c;
import io.nydus4j.blob.digest.Sha256;
import io.nydus4j.build.BuildResult;
import io.nydus4j.build.ConversionType;
import io.nydus4j.build.CreateImage;
import io.nydus4j.build.CreateOptions;
import io.nydus4j.build.ProgressListener;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Building an archive, plain and compressed, beside what bounds it: digesting and compressing its chunks on all processors, and inflating it on
 * one.
 *
 * <p>The archive is GNU tar's of the running JDK. {@code tar} beside {@code namedBound}, which has the digest of the blob, too, and
 * {@code tarGz} beside {@code gzipBound}, which has that and inflating, say what is lost; {@code codecBound} and {@code inflateBound} are parts
 * of those. In the bounds all work is spread over the processors as if no part had to wait for another, which no build can do.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {"--enable-native-access=ALL-UNNAMED"})
public class ArchiveBenchmark {
    private static final int CHUNK = 1 << 20;

    /** How chunks are compressed. */
    @Param({"ZSTD", "LZ4_BLOCK", "NONE"})
    public Compression compression = Compression.ZSTD;

    private final int threads = Runtime.getRuntime().availableProcessors();
    private Path work = Path.of("");
    private Path tar = Path.of("");
    private Path tarGz = Path.of("");
    private Path output = Path.of("");

    /** Packs the archive. */
    @Setup
    public void prepare() throws IOException, InterruptedException {
        work = Files.createTempDirectory("nydus4j-bench");
        tar = work.resolve("jdk.tar");
        tarGz = work.resolve("jdk.tar.gz");
        output = Files.createDirectory(work.resolve("images"));
        run("tar", "--hard-dereference", "-chf", tar.toString(), "-C", System.getProperty("java.home"), ".");
        run("gzip", "-k", tar.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IOException(String.join(" ", command) + " failed");
        }
    }

    /** Removes the images of one build. */
    @TearDown(Level.Iteration)
    public void removeImages() throws IOException {
        removeAll(output);
    }

    /** Removes the archives. */
    @TearDown
    public void removeArchives() throws IOException {
        Files.delete(output);
        removeAll(work);
        Files.delete(work);
    }

    private static void removeAll(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    private BuildResult build(Path archive) throws IOException {
        CreateOptions options = CreateOptions.builder(archive)
                .type(ConversionType.TAR_RAFS)
                .compression(compression)
                .blobDirectory(output)
                .threads(threads)
                .build();
        return new CreateImage(options, ProgressListener.NONE).run();
    }

    /** Builds the plain archive. */
    @Benchmark
    public BuildResult tar() throws IOException {
        return build(tar);
    }

    /** Builds the compressed archive. */
    @Benchmark
    public BuildResult tarGz() throws IOException {
        return build(tarGz);
    }

    /** Digests and compresses the plain archive's bytes in chunks on all processors, and does nothing else. */
    @Benchmark
    public long codecBound() throws IOException, InterruptedException, ExecutionException {
        return packAll(false);
    }

    /** The same with the SHA-256 that names a blob; each thread has one of its own, which a build cannot. */
    @Benchmark
    public long namedBound() throws IOException, InterruptedException, ExecutionException {
        return packAll(true);
    }

    /** The same while another thread inflates the compressed archive. */
    @Benchmark
    public long gzipBound() throws IOException, InterruptedException, ExecutionException {
        try (ExecutorService inflater = Executors.newSingleThreadExecutor()) {
            Future<Long> inflated = inflater.submit(this::inflateBound);
            return packAll(true) + inflated.get();
        }
    }

    private long packAll(boolean named) throws IOException, InterruptedException, ExecutionException {
        AtomicLong next = new AtomicLong();
        AtomicLong total = new AtomicLong();
        try (FileChannel file = FileChannel.open(tar);
                Arena arena = Arena.ofShared();
                ExecutorService workers = Executors.newFixedThreadPool(threads)) {
            MemorySegment all = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size(), arena);
            List<Future<?>> results = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                results.add(workers.submit(() -> total.addAndGet(pack(all, arena, next, named))));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
        return total.get();
    }

    private long pack(MemorySegment all, Arena arena, AtomicLong next, boolean named) {
        Codec codec = Codec.of(compression);
        ChunkDigester digester = new ChunkDigester();
        Sha256 name = new Sha256();
        MemorySegment target = arena.allocate(codec.maxCompressedLength(CHUNK));
        long stored = 0;
        for (long at = next.getAndAdd(CHUNK); at < all.byteSize(); at = next.getAndAdd(CHUNK)) {
            MemorySegment plain = all.asSlice(at, Math.min(CHUNK, all.byteSize() - at));
            stored += digester.digest(DigestAlgorithm.BLAKE3, plain).hashCode() + Crc32c.of(plain);
            int length = compression == Compression.NONE ? Codec.STORED : codec.compress(plain, target);
            if (named) {
                name.update(length == Codec.STORED ? plain : target.asSlice(0, length));
            }
            stored += length;
        }
        return stored + name.soFar().hashCode();
    }

    /** Inflates the compressed archive with the JDK, and does nothing else. */
    @Benchmark
    public long inflateBound() throws IOException {
        try (InputStream in = new GZIPInputStream(Files.newInputStream(tarGz), 1 << 18)) {
            return in.transferTo(OutputStream.nullOutputStream());
        }
    }
}
