package io.nydus4j.build;

import io.nydus4j.build.source.Workers;
import io.nydus4j.rafs.load.Rafs;
import io.nydus4j.rafs.tree.ImageTree;
import io.nydus4j.rafs.tree.TreeLoader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BinaryOperator;

/**
 * Makes one tree of those of several images: they are loaded on several threads and laid over each other in order, while later ones
 * are still being loaded. Used once.
 */
final class LayerTrees {
    private final List<FutureTask<ImageTree>> trees = new ArrayList<>();
    private final int threads;
    private final AtomicInteger next = new AtomicInteger();

    /**
     * Prepares loading.
     *
     * @param images  the lowest layer first, at least one; the layer of the nodes' source ids is the position here
     * @param threads how many threads may read, at least 1
     */
    LayerTrees(List<Rafs> images, int threads) {
        for (int i = 0; i < images.size(); i++) {
            int layer = i;
            trees.add(new FutureTask<>(() -> TreeLoader.load(images.get(layer), layer)));
        }
        this.threads = Math.min(threads, images.size());
    }

    /**
     * Loads all trees and makes one of them.
     *
     * @param overlay lays its second tree over its first; called by this thread
     * @throws IOException if an image is broken; of several, the failure of the lowest
     */
    ImageTree merge(BinaryOperator<ImageTree> overlay) throws IOException {
        Workers workers = new Workers();
        for (int i = 1; i < threads; i++) {
            workers.start("layers-" + i, this::loadAll);
        }
        try {
            ImageTree merged = tree(0);
            for (int i = 1; i < trees.size(); i++) {
                merged = overlay.apply(merged, tree(i));
            }
            return merged;
        } finally {
            // After a failure nobody wants the others.
            next.set(trees.size());
            workers.joinAnyway();
        }
    }

    /** Returns a tree when it is loaded, and loads others meanwhile. */
    private ImageTree tree(int layer) throws IOException {
        FutureTask<ImageTree> tree = trees.get(layer);
        while (!tree.isDone() && loadNext()) {
            // Until there is nothing left but to wait.
        }
        try {
            return tree.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case IOException failure -> throw failure;
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw new IOException(e.getCause());
            }
        }
    }

    private void loadAll() {
        while (loadNext()) {
            // One after the other.
        }
    }

    /** Loads the next tree that nobody loads yet; returns whether there was one. */
    private boolean loadNext() {
        // Never counts on without end, which many calls would make negative.
        int layer = next.get() < trees.size() ? next.getAndIncrement() : trees.size();
        if (layer >= trees.size()) {
            return false;
        }
        trees.get(layer).run();
        return true;
    }
}
