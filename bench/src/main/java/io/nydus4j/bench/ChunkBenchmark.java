package io.nydus4j.bench;

import io.nydus4j.blob.Compression;
import io.nydus4j.blob.Digest;
import io.nydus4j.blob.DigestAlgorithm;
import io.nydus4j.blob.RafsFormatException;
import io.nydus4j.blob.codec.Codec;
import io.nydus4j.blob.digest.ChunkDigester;
import io.nydus4j.blob.digest.Crc32c;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one chunk costs when an image is built or read: digests, checksum, and both codecs, each way.
 *
 * <p>Data is the JDK's own {@code java.base} classes, repeated as needed: code, as in images. Scores are nanoseconds for a chunk; bytes
 * divided by them are GB/s.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"})
public class ChunkBenchmark {
    /** Chunk size in bytes. */
    @Param({"4096", "65536", "1048576"})
    public int size;

    private final ChunkDigester digester = new ChunkDigester();
    private final Codec zstd = Codec.of(Compression.ZSTD);
    private final Codec lz4 = Codec.of(Compression.LZ4_BLOCK);
    private byte[] plain = new byte[0];
    private byte[] target = new byte[0];
    private byte[] back = new byte[0];
    private byte[] zstdStored = new byte[0];
    private int zstdLength;
    private byte[] lz4Stored = new byte[0];
    private int lz4Length;

    /** Makes the chunk and its stored forms. */
    @Setup
    public void prepare() throws IOException {
        plain = classes(size);
        back = new byte[size];
        target = new byte[Math.max(zstd.maxCompressedLength(size), lz4.maxCompressedLength(size))];
        zstdStored = new byte[target.length];
        zstdLength = zstd.compress(plain, 0, size, zstdStored, 0);
        lz4Stored = new byte[target.length];
        lz4Length = lz4.compress(plain, 0, size, lz4Stored, 0);
    }

    private static byte[] classes(int size) throws IOException {
        byte[] data = new byte[size];
        int filled = 0;
        String[] names = {
            "java/lang/String", "java/util/HashMap", "java/util/concurrent/ForkJoinPool", "java/lang/Character",
            "java/util/regex/Pattern", "java/math/BigInteger", "java/util/Formatter", "java/time/LocalDate"
        };
        for (int i = 0; filled < size; i++) {
            try (InputStream in = Object.class.getResourceAsStream("/" + names[i % names.length] + ".class")) {
                if (in == null) {
                    throw new IOException("no class file of " + names[i % names.length]);
                }
                filled += in.readNBytes(data, filled, size - filled);
            }
        }
        return data;
    }

    /** BLAKE3. */
    @Benchmark
    public Digest blake3() {
        return digester.digest(DigestAlgorithm.BLAKE3, plain, 0, size);
    }

    /** SHA-256. */
    @Benchmark
    public Digest sha256() {
        return digester.digest(DigestAlgorithm.SHA256, plain, 0, size);
    }

    /** CRC-32C. */
    @Benchmark
    public int crc32c() {
        return Crc32c.of(plain, 0, size);
    }

    /** zstd, level 3. */
    @Benchmark
    public int zstdCompress() {
        return zstd.compress(plain, 0, size, target, 0);
    }

    /** zstd, back. */
    @Benchmark
    public byte[] zstdDecompress() throws RafsFormatException {
        zstd.decompress(zstdStored, 0, zstdLength, back, 0, size);
        return back;
    }

    /** lz4_block. */
    @Benchmark
    public int lz4Compress() {
        return lz4.compress(plain, 0, size, target, 0);
    }

    /** lz4_block, back. */
    @Benchmark
    public byte[] lz4Decompress() throws RafsFormatException {
        lz4.decompress(lz4Stored, 0, lz4Length, back, 0, size);
        return back;
    }
}
