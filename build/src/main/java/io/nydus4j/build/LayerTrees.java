package io.nydus4j.build;

import io.nydus4j.build.source.Workers;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/** Loads the trees of several images on several threads. Used once. */
final class LayerTrees {
    private final List<Rafs> images;
    private final int threads;
    private final AtomicInteger next = new AtomicInteger();
    /** A tree or what went wrong, for each image. */
    private final AtomicReferenceArray<@Nullable Object> results;

    /**
     * Prepares loading.
     *
     * @param images  the lowest layer first; the layer of the nodes' source ids is the position here
     * @param threads how many threads may read, at least 1
     */
    LayerTrees(List<Rafs> images, int threads) {
        this.images = images;
        this.threads = Math.min(threads, images.size());
        this.results = new AtomicReferenceArray<>(images.size());
    }

    /**
     * Loads all trees.
     *
     * @return the trees in the order of the images
     * @throws IOException if an image is broken; of several, the failure of the lowest
     */
    List<ImageTree> load() throws IOException {
        Workers workers = new Workers();
        for (int i = 1; i < threads; i++) {
            workers.start("layers-" + i, this::work);
        }
        work();
        workers.joinAnyway();
        List<ImageTree> trees = new ArrayList<>();
        for (int i = 0; i < images.size(); i++) {
            switch (results.get(i)) {
                case ImageTree tree -> trees.add(tree);
                case IOException e -> throw e;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                case null, default -> throw new InterruptedIOException("interrupted");
            }
        }
        return trees;
    }

    private void work() {
        for (int i = next.getAndIncrement(); i < images.size(); i = next.getAndIncrement()) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            try {
                results.set(i, TreeLoader.load(images.get(i), i));
            } catch (Throwable e) {
                results.set(i, e);
                // What comes after cannot be used any more.
                next.set(images.size());
            }
        }
    }
}
