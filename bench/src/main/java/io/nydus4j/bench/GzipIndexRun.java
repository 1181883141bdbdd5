package io.nydus4j.bench;

import io.nydus4j.blob.zran.GzipInflation;
import io.nydus4j.blob.zran.ZranIndexer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;

/**
 * Compares indexing a gzip file with decompressing it by {@code java.util.zip}, in turn, in one process. The first round includes what both
 * take to warm up.
 */
public final class GzipIndexRun {
    private static final int CHUNK_SIZE = 1 << 20;
    private static final int BUFFER_SIZE = 1 << 16;
    private static final int ROUNDS = 3;

    private GzipIndexRun() {}

    /** Measures the file that is the only argument. */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length != 1) {
            throw new IllegalArgumentException("expected a gzip file");
        }
        Path file = Path.of(arguments[0]);
        for (int round = 1; round <= ROUNDS; round++) {
            double reference = measure("java.util.zip", file, GzipIndexRun::inflate);
            double own = measure("index", file, GzipIndexRun::index);
            System.out.printf("round %d: %.0f %% of the speed of java.util.zip%n", round, 100 * own / reference);
        }
    }

    private interface Pass {
        /** Reads the whole stream; returns the number of plain bytes. */
        long run(InputStream in) throws IOException;
    }

    private static double measure(String name, Path file, Pass pass) throws IOException {
        long start = System.nanoTime();
        long bytes;
        try (InputStream in = Files.newInputStream(file)) {
            bytes = pass.run(in);
        }
        double megabytes = bytes / 1e6 / ((System.nanoTime() - start) / 1e9);
        System.out.printf("%-14s %6.0f MB/s of %d plain bytes%n", name, megabytes, bytes);
        return megabytes;
    }

    private static long inflate(InputStream in) throws IOException {
        byte[] buffer = new byte[CHUNK_SIZE];
        long bytes = 0;
        try (GZIPInputStream gzip = new GZIPInputStream(in, BUFFER_SIZE)) {
            int count;
            while ((count = gzip.read(buffer)) >= 0) {
                bytes += count;
            }
        }
        return bytes;
    }

    private static long index(InputStream in) throws IOException {
        GzipInflation inflation = new GzipInflation(in);
        ZranIndexer indexer = new ZranIndexer(inflation);
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_SIZE);
        indexer.beginChunk(CHUNK_SIZE);
        while (inflation.read(chunk.clear()) >= 0) {
            indexer.endChunk();
            indexer.beginChunk(CHUNK_SIZE);
        }
        return inflation.uncompressedPosition();
    }
}
