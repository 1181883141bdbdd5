package io.nydus4j.storage.device;

import io.nydus4j.linux.ChildJvm;
import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.LazyBlob;
import io.nydus4j.storage.TestStores;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** A process that reads ranges of a golden image's blob through a cache, in random order, until it is done or killed. */
final class CacheReader {
    private CacheReader() {}

    /** Arguments: image, folder of blobs, folder of the cache, seed, milliseconds between reads, budget of the cache or 0. */
    public static void main(String[] args) throws Exception {
        Random random = new Random(Long.parseLong(args[3]));
        long pause = Long.parseLong(args[4]);
        try (Bootstrap bootstrap = GoldenBlobs.load(args[0]);
                BlobDevice device = BlobDevice.open(
                        bootstrap, TestStores.budget(Path.of(args[1]), Path.of(args[2]), Long.parseLong(args[5])))) {
            LazyBlob blob = device.blob(0);
            System.out.println("started");
            for (int i = 0; i < 400; i++) {
                int length = 1 + random.nextInt(8192);
                blob.read(random.nextLong(blob.size() - length), ByteBuffer.allocate(length));
                if (pause > 0) {
                    Thread.sleep(pause);
                }
            }
        }
    }

    /** Starts the process; its errors go where this one's go. */
    static Process start(String image, Path blobs, Path work, long seed, long pauseMillis) throws IOException {
        return start(image, blobs, work, seed, pauseMillis, 0);
    }

    /** Starts the process with a budget for its cache. */
    static Process start(String image, Path blobs, Path work, long seed, long pauseMillis, long budget)
            throws IOException {
        List<String> command = ChildJvm.command(
                List.of("-Dnydus4j.testdata=" + System.getProperty("nydus4j.testdata")),
                CacheReader.class,
                image,
                blobs.toString(),
                work.toString(),
                Long.toString(seed),
                Long.toString(pauseMillis),
                Long.toString(budget));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
