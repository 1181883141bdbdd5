package io.nydus4j.storage.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.nydus4j.rafs.Bootstrap;
import io.nydus4j.rafs.Inode;
import io.nydus4j.storage.GoldenBlobs;
import io.nydus4j.storage.GoldenTree;
import io.nydus4j.storage.config.BackendSettings;
import io.nydus4j.storage.config.CacheConfiguration;
import io.nydus4j.storage.config.StorageConfiguration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Reads whole images from a backend, by many readers at once, and compares every file with the tree that it was made from. */
public final class ImageReaders {
    private ImageReaders() {}

    /**
     * Reads all files in several threads at once, each in another order, with a cache of files.
     *
     * @param image   a golden image
     * @param archive the tree that it was made from
     * @param work    the folder of the cache
     * @param readers how many threads read
     */
    public static void assertReads(String image, String archive, BackendSettings backend, Path work, int readers)
            throws Exception {
        StorageConfiguration configuration =
                StorageConfiguration.of(backend, CacheConfiguration.inFiles(work.toString()));
        GoldenTree expected = GoldenTree.of(archive);
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        try (Bootstrap bootstrap = GoldenBlobs.load(image);
                BlobDevice device = BlobDevice.open(bootstrap, configuration)) {
            List<Map.Entry<String, Inode>> files =
                    new ArrayList<>(GoldenBlobs.files(bootstrap).entrySet());
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < readers; i++) {
                int start = files.size() * i / readers;
                threads.add(Thread.ofVirtual().start(() -> {
                    try {
                        for (int k = 0; k < files.size(); k++) {
                            Map.Entry<String, Inode> file = files.get((start + k) % files.size());
                            expected.assertReads(device, file.getKey(), file.getValue());
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                }));
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertThat(failures).isEmpty();
    }
}
